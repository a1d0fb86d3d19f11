import {
  add,
  cast,
  div,
  log,
  mean,
  oneHot,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  tidy,
} from "@gen/tensor";

/**
 * The normal distributions of largest likelihood, which is those of smallest KL(data ‖ model): mean, and the square root of the mean squared deviation (over n, not
 * n − 1). The two tensors are the parameters of `gaussian`, or of `diagonalGaussian`.
 *
 * @param x [n, ...event]
 * @returns loc and scale [...event]; the caller disposes of them
 */
export function maximumLikelihoodGaussian(x: Tensor): { loc: Tensor; scale: Tensor } {
  expectPoints("maximumLikelihoodGaussian", x);
  return tidy(() => {
    const loc = mean(x, 0);
    return { loc, scale: sqrt(mean(square(sub(x, loc)), 0)) };
  });
}

export interface CountOptions {
  /**
   * What is added to the count of each outcome: 0 (the default) is maximum likelihood, ±∞ logits for what was never seen;
   * 1 is Laplace's rule of succession.
   */
  pseudocount?: number;
}

/**
 * The logits of the Bernoulli distributions of largest likelihood.
 *
 * @param x [n, ...event] of zeros and ones
 * @returns [...event]; the caller disposes of it
 */
export function maximumLikelihoodBernoulli(
  x: Tensor,
  { pseudocount = 0 }: CountOptions = {},
): Tensor {
  expectPoints("maximumLikelihoodBernoulli", x);
  expectPseudocount("maximumLikelihoodBernoulli", pseudocount);
  return tidy(() => {
    const ones = sum(cast(x, "float32"), 0);
    const zeros = sub(x.shape[0] as number, ones);
    return sub(log(add(ones, pseudocount)), log(add(zeros, pseudocount)));
  });
}

/**
 * The logits of the categorical distribution of largest likelihood: the logarithms of the classes' shares.
 *
 * @param labels int32 [n], from 0 to classes − 1
 * @returns [classes]; the caller disposes of it
 */
export function maximumLikelihoodCategorical(
  labels: Tensor,
  classes: number,
  { pseudocount = 0 }: CountOptions = {},
): Tensor {
  expectPoints("maximumLikelihoodCategorical", labels);
  expectPseudocount("maximumLikelihoodCategorical", pseudocount);
  if (labels.rank !== 1) {
    throw new Error(`maximumLikelihoodCategorical: labels must be [n], got [${labels.shape}]`);
  }
  if (!(Number.isInteger(classes) && classes > 0)) {
    throw new Error(
      `maximumLikelihoodCategorical: classes must be a whole number above 0, got ${classes}`,
    );
  }
  return tidy(() => {
    const counts = sum(cast(oneHot(cast(labels, "int32"), classes), "float32"), 0);
    const total = (labels.shape[0] as number) + classes * pseudocount;
    return log(div(add(counts, pseudocount), total));
  });
}

function expectPoints(what: string, x: Tensor): void {
  if (!x.shape[0]) throw new Error(`${what}: x must be [n, ...] with n ≥ 1, got [${x.shape}]`);
}

function expectPseudocount(what: string, pseudocount: number): void {
  if (!(pseudocount >= 0 && pseudocount < Infinity)) {
    throw new Error(`${what}: pseudocount must be 0 or more, got ${pseudocount}`);
  }
}
