import {
  add,
  clone,
  exp,
  mul,
  normal,
  splitTensor,
  square,
  sub,
  type Tensor,
  tidy,
} from "@gen/tensor";
import { diagonalGaussian, reparameterize } from "./diagonal-gaussian.ts";
import { type Likelihood, sumOfEach } from "./likelihood.ts";

const LOG_2_PI = Math.log(2 * Math.PI);

/**
 * Independent normal numbers of one fixed variance, the network's outputs their means:
 * log p = −½·Σ((x − μ)²/σ² + log 2πσ²) (Kingma and Welling, arXiv:1312.6114, appendix C.2).
 *
 * @param variance σ²; 1 by default
 */
export function gaussian(variance = 1): Likelihood {
  if (!(variance > 0 && Number.isFinite(variance))) {
    throw new Error(`gaussian: variance must be a positive number, got ${variance}`);
  }
  const constant = LOG_2_PI + Math.log(variance);
  return {
    outputsPerNumber: 1,
    logProbability: (images, mean) =>
      tidy(() => mul(sumOfEach(add(mul(square(sub(images, mean)), 1 / variance), constant)), -0.5)),
    mean: (mean) => clone(mean),
    sample: (mean, key) => tidy(() => add(mean, mul(normal(key, mean.shape), Math.sqrt(variance)))),
  };
}

/** As `gaussian`, with a variance for each number, learnt: the outputs are means, then log-variances. */
export const gaussianWithVariance: Likelihood = {
  outputsPerNumber: 2,
  logProbability: (images, outputs) =>
    tidy(() => {
      const [mean, logVariance] = splitTensor(outputs, 2, -1) as [Tensor, Tensor];
      const squares = mul(square(sub(images, mean)), exp(mul(logVariance, -1)));
      return mul(sumOfEach(add(add(squares, logVariance), LOG_2_PI)), -0.5);
    }),
  mean: (outputs) => tidy(() => splitTensor(outputs, 2, -1)[0] as Tensor),
  sample: (outputs, key) => tidy(() => reparameterize(diagonalGaussian(outputs), key)),
};
