import { countRows, type Points } from "./density.ts";

/** Costs of moving point i of one set to point j of another: [rows × columns], row by row. */
export interface Costs {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
}

/** The costs ‖xᵢ - yⱼ‖^power between two sets of points [count × dimensions]. */
export function distanceCosts(x: Points, y: Points, dimensions: number, power = 2): Costs {
  const rows = countRows("distanceCosts", x, dimensions);
  const columns = countRows("distanceCosts", y, dimensions);
  const values = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      let square = 0;
      for (let d = 0; d < dimensions; d++) {
        square += (x[i * dimensions + d]! - y[j * dimensions + d]!) ** 2;
      }
      values[i * columns + j] = power === 2 ? square : square ** (power / 2);
    }
  }
  return { rows, columns, values };
}

/** @throws if the costs do not fit their size, or are not finite */
export function checkCosts(caller: string, { rows, columns, values }: Costs): void {
  if (!(rows >= 1 && columns >= 1) || values.length !== rows * columns) {
    throw new Error(
      `${caller}: costs must hold rows × columns numbers, got ${values.length} for ${rows} × ${columns}`,
    );
  }
  if (!values.every(Number.isFinite)) {
    throw new Error(`${caller}: costs must be finite, got a number that is not`);
  }
}
