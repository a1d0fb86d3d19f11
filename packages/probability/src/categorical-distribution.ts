import {
  add,
  any,
  argMax,
  cast,
  equal,
  exp,
  expandDims,
  greater,
  gumbel,
  logSoftmax,
  mul,
  neg,
  range,
  softmax,
  sub,
  sum,
  type Tensor,
  tidy,
  where,
} from "@gen/tensor";
import type { ClosedKl, Distribution, Entropic } from "./distribution.ts";
import {
  asInput,
  asTensor,
  broadcastShape,
  expectEvents,
  type Parameter,
  shapeOf,
} from "./parameter.ts";

export interface CategoricalDistribution
  extends Distribution, Entropic, ClosedKl<{ readonly logits: Parameter }> {
  readonly logits: Parameter;
  /** softmax(logits), [...batchShape, classes]. */
  probabilities(): Tensor;
}

/**
 * Distributions over the classes 0 … K−1 with the softmax of logits [..., K]. Events are class numbers, int32 or
 * float32; samples are int32, by the Gumbel-max trick, and carry no gradient. A class with logit −∞ has no probability,
 * nor has a number that is no class. From probabilities: `categoricalDistribution(logProbabilities([0.2, 0.8]))`.
 */
export function categoricalDistribution(logits: Parameter): CategoricalDistribution {
  const shape = shapeOf(logits);
  const classes = shape.at(-1);
  if (classes === undefined) {
    throw new Error("categoricalDistribution: logits must be [..., classes], got a single number");
  }
  const batchShape = shape.slice(0, -1);
  const shapes = { batchShape, eventShape: [] };
  return {
    name: "categoricalDistribution",
    ...shapes,
    logits,
    logProb: (x) => {
      expectEvents("categoricalDistribution.logProb", shapes, x);
      return tidy(() => {
        const chosen = equal(expandDims(cast(x, "float32"), -1), range(0, classes));
        const logP = sum(where(chosen, normalised(logits), 0), -1);
        return where(any(chosen, -1), logP, -Infinity);
      });
    },
    sample: (key, sampleShape = []) =>
      tidy(() => argMax(add(asInput(logits), gumbel(key, [...sampleShape, ...shape])), -1)),
    probabilities: () => tidy(() => softmax(asTensor(logits))),
    entropy: () =>
      tidy(() => {
        const logP = normalised(logits);
        return neg(expected(logP, logP));
      }),
    kl: (q) => {
      const [own, other] = [logits, q.logits].map((l) => shapeOf(l).at(-1));
      if (own !== other) {
        throw new Error(
          `categoricalDistribution.kl: q must have the same ${own} classes, got ${other}`,
        );
      }
      broadcastShape("categoricalDistribution.kl", { logits, "q.logits": q.logits });
      return tidy(() => {
        const logP = normalised(logits);
        return sub(expected(logP, logP), expected(logP, normalised(q.logits)));
      });
    },
  };
}

function normalised(logits: Parameter): Tensor {
  return logSoftmax(asTensor(logits));
}

/** Σ p·values, where a class without probability counts nothing even if its value is infinite. */
function expected(logP: Tensor, values: Tensor): Tensor {
  const possible = greater(logP, -Infinity);
  return sum(mul(exp(logP), where(possible, values, 0)), -1);
}
