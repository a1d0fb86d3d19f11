import {
  add,
  broadcastTo,
  cast,
  less,
  mul,
  neg,
  sigmoid,
  softplus,
  sub,
  type Tensor,
  tidy,
  uniform,
} from "@gen/tensor";
import type { ClosedKl, Distribution, Entropic, Moments } from "./distribution.ts";
import { asInput, broadcastShape, expectEvents, type Parameter, shapeOf } from "./parameter.ts";

export interface BernoulliDistribution
  extends Distribution, Moments, Entropic, ClosedKl<{ readonly logits: Parameter }> {
  readonly logits: Parameter;
}

/**
 * Distributions of 0 and 1 with P(1) = sigmoid(logits). `logProb` also takes values between, such as grey pixels: it is
 * then x·log P(1) + (1 − x)·log P(0), the usual reconstruction loss, which is no density of such x. Exact for logits of
 * any size. Samples are float32 and carry no gradient. (Named so because `bernoulli` of @gen/tensor draws.)
 */
export function bernoulliDistribution(logits: Parameter): BernoulliDistribution {
  const batchShape = [...shapeOf(logits)];
  const shapes = { batchShape, eventShape: [] };
  const l = asInput(logits);
  return {
    name: "bernoulliDistribution",
    ...shapes,
    logits,
    logProb: (x) => {
      expectEvents("bernoulliDistribution.logProb", shapes, x);
      return tidy(() => crossLogProb(cast(x, "float32"), l));
    },
    sample: (key, shape = []) =>
      tidy(() => cast(less(uniform(key, [...shape, ...batchShape]), sigmoid(l)), "float32")),
    mean: () => tidy(() => sigmoid(l)),
    variance: () => tidy(() => mul(sigmoid(l), sigmoid(neg(l)))),
    entropy: () => tidy(() => neg(crossLogProb(sigmoid(l), l))),
    kl: (q) => {
      const shape = broadcastShape("bernoulliDistribution.kl", { logits, "q.logits": q.logits });
      return tidy(() => {
        const p = broadcastTo(sigmoid(l), shape);
        return sub(crossLogProb(p, l), crossLogProb(p, asInput(q.logits)));
      });
    },
  };
}

/** x·log sigmoid(l) + (1 − x)·log sigmoid(−l). */
function crossLogProb(x: Tensor, l: Tensor | number | number[]): Tensor {
  return neg(add(mul(x, softplus(neg(l))), mul(sub(1, x), softplus(l))));
}
