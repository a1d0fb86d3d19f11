import { countRows, type Points } from "./density.ts";

/**
 * The divergence of a field on numbers, Σᵢ ∂fieldᵢ/∂xᵢ of each point, by central differences: for any field that is not
 * differentiable by other means. (On tensors: `divergence` and `hutchinsonDivergence`.)
 *
 * @param field takes points [count × dimensions] and gives as many numbers, each row from its own row alone
 * @param step of the differences; the error is about step² and 1e-16/step
 * @returns [count]
 */
export function numericalDivergence(
  field: (points: Float64Array) => ArrayLike<number>,
  points: Points,
  dimensions: number,
  step = 1e-5,
): Float64Array {
  const total = new Float64Array(countRows("numericalDivergence", points, dimensions));
  for (let d = 0; d < dimensions; d++) {
    const moved = (by: number): ArrayLike<number> =>
      field(Float64Array.from(points, (x, i) => (i % dimensions === d ? x + by : x)));
    const up = moved(step);
    const down = moved(-step);
    for (let row = 0; row < total.length; row++) {
      const at = row * dimensions + d;
      total[row]! += (up[at]! - down[at]!) / (2 * step);
    }
  }
  return total;
}
