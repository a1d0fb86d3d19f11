import { exp, mul, sub, type Tensor, tidy } from "@gen/tensor";
import { expectSamples } from "./elbo.ts";
import { logSumExp } from "./log-sum-exp.ts";

/**
 * Weights that sum to 1 over the samples, from their logarithms.
 *
 * @param logWeights [samples, ...batch], with any constant added
 * @returns the same shape; the caller disposes of it
 */
export function normalizedWeights(logWeights: Tensor): Tensor {
  expectSamples("normalizedWeights", logWeights);
  return tidy(() => exp(sub(logWeights, logSumExp(logWeights, 0))));
}

/**
 * How many equally weighted samples the weighted ones are worth: (Σw)² / Σw², between 1 and their number (Kong 1992). A
 * small one says that an importance-weighted estimate rests on few samples.
 *
 * @param logWeights [samples, ...batch]
 * @returns [...batch]; the caller disposes of it
 */
export function effectiveSampleSize(logWeights: Tensor): Tensor {
  expectSamples("effectiveSampleSize", logWeights);
  return tidy(() => {
    const squares = logSumExp(mul(2, logWeights), 0);
    return exp(sub(mul(2, logSumExp(logWeights, 0)), squares));
  });
}
