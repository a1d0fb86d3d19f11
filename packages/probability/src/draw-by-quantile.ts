import { draw, type Key, type Tensor, uniformArray } from "@gen/tensor";

/**
 * Numbers with a given quantile function (inverse of the distribution function), from uniform numbers in (0, 1) that
 * are mapped on the host in float64: exact in the tails as far as the uniform numbers, multiples of 2⁻²³, reach.
 */
export function drawByQuantile(key: Key, shape: number[], quantile: (u: number) => number): Tensor {
  const row = shape.slice(1).reduce((product, n) => product * n, 1);
  // Half a step off the grid keeps 0 out without a bias.
  return draw(key, shape, (k, rows) =>
    uniformArray(k, rows * row).map((u) => quantile(u + 2 ** -24)),
  );
}
