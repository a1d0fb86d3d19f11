import { neg, type Tensor, tidy } from "@gen/tensor";
import type { Density } from "./tractable.ts";

/**
 * −log p(x): how surprising x is to a model, to reject outliers by a threshold. In many dimensions typical draws lie far
 * from the largest density, so a score much below the usual is suspicious as well (Nalisnick et al. 2019,
 * arXiv:1906.02994).
 *
 * @returns one number per event in nats; the caller disposes of it
 */
export function anomalyScore(model: Density, x: Tensor): Tensor {
  return tidy(() => neg(model.logProb(x)));
}
