import { clipByValue, tidy } from "@gen/tensor";
import type { Regularizer } from "./regularizer.ts";

/**
 * The first WGAN's way to bound the critic's slope (arXiv:1701.07875, algorithm 1): after each update its parameters are
 * cut to [−limit, limit]. Default 0.01, the paper's. («Clearly a terrible way», its section 3 says: a gradient penalty
 * is the better one.)
 */
export function weightClipping(limit: number = 0.01): Regularizer {
  if (!(limit > 0)) throw new Error(`weightClipping: limit must be positive, got ${limit}`);
  return {
    name: "weightClipping",
    project: (parameters) =>
      tidy(() => {
        for (const p of Object.values(parameters)) p.assign(clipByValue(p, -limit, limit));
      }),
  };
}
