import type { Evaluator } from "../src/index.ts";
import type { Points } from "./array-evaluator.ts";

/** Numbers of twice float64's digits, each the sum of the two at its place. */
export interface Twofold {
  readonly high: Points;
  readonly low: Points;
}

/**
 * An evaluator that adds with twice the digits and predicts with float64's. A step's rounding is then h·10⁻¹⁶ instead of
 * 10⁻¹⁶, so that the error of high orders is seen where steps are many.
 */
export function twofoldEvaluator(base: Evaluator<Points>): Evaluator<Twofold> {
  const exactly = (high: Points): Twofold => ({ high, low: new Float64Array(high.length) });
  return {
    path: base.path,
    predict: ({ high }, t, wanted) => exactly(base.predict(high, t, wanted)),
    predictWithVariance: ({ high }, t, wanted) => {
      const { prediction, variance } = base.predictWithVariance(high, t, wanted);
      return { prediction: exactly(prediction), variance: exactly(variance) };
    },
    normal: ({ high }, key) => exactly(base.normal(high, key)),
    errorNorm: (error, x, y, absolute, relative) =>
      exactly(base.errorNorm(error.high, x.high, y.high, absolute, relative)),
    combine: (terms) => {
      const length = (terms[0] as (typeof terms)[number])[1].high.length;
      const high = new Float64Array(length);
      const low = new Float64Array(length);
      for (let i = 0; i < length; i++) {
        let [sum, rest] = [0, 0];
        for (const [c, value] of terms) {
          const product = c * value.high[i]!;
          rest += missing(c, value.high[i]!, product) + c * value.low[i]!;
          const next = sum + product;
          const added = next - sum;
          rest += sum - (next - added) + (product - added);
          sum = next;
        }
        high[i] = sum + rest;
        low[i] = rest - (high[i]! - sum);
      }
      return { high, low };
    },
  };
}

/** a·b - product, exactly, by halves of their digits (Dekker 1971). */
function missing(a: number, b: number, product: number): number {
  const half = (x: number): number => {
    const far = 134217729 * x;
    return far - (far - x);
  };
  const [a1, b1] = [half(a), half(b)];
  const [a2, b2] = [a - a1, b - b1];
  return a2 * b2 - (product - a1 * b1 - a2 * b1 - a1 * b2);
}
