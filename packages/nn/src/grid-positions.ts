/**
 * Fixed positions of a grid of patches, as MAE and DiT add them: [rows·columns, features], row by row. The first half
 * of the features is of the column, the second of the row; each half is [sin(p·f₀), …, cos(p·f₀), …] with
 * f_i = 10000^(−4i/features).
 *
 * @param features a multiple of 4
 * @returns host numbers, for a tensor or a buffer: `parameter(gridPositions(…), [rows * columns, features], false)`
 */
export function gridPositions(features: number, rows: number, columns: number): Float32Array {
  if (!Number.isInteger(features) || features < 4 || features % 4 !== 0) {
    throw new Error(`gridPositions: features must be a positive multiple of 4, got ${features}.`);
  }
  const quarter = features / 4;
  const positions = new Float32Array(rows * columns * features);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = (row * columns + column) * features;
      for (let i = 0; i < quarter; i++) {
        const frequency = 10_000 ** (-i / quarter);
        positions[at + i] = Math.sin(column * frequency);
        positions[at + quarter + i] = Math.cos(column * frequency);
        positions[at + 2 * quarter + i] = Math.sin(row * frequency);
        positions[at + 3 * quarter + i] = Math.cos(row * frequency);
      }
    }
  }
  return positions;
}
