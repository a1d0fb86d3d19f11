import type { Denoisable, Noisable } from "./density.ts";

/**
 * The optimal denoiser of anything whose noised score is known, by Tweedie's formula: from y = a·x + b·z,
 * E[x | y] = (y + b²·∇ln p(y)) / a and E[z | y] = -b·∇ln p(y) (Robbins 1956; Efron 2011). It makes a mixture of
 * `@gen/data` an oracle.
 *
 * @throws at a = 0, where the score does not tell the data's mean
 */
export function tweedieDenoiser(source: Noisable): Denoisable {
  return {
    dimensions: source.dimensions,
    denoise(points, a, b) {
      if (!(Math.abs(a) > 0)) {
        throw new Error(
          "tweedieDenoiser: at a = 0 the score does not determine the data; stay away from the path's end",
        );
      }
      const score = source.noised(a, b).score(points);
      return {
        data: score.map((s, i) => (points[i]! + b * b * s) / a),
        noise: score.map((s) => -b * s),
      };
    },
  };
}
