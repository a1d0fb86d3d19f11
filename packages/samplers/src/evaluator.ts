import { predictionConversion, type Path, type Prediction } from "@gen/schedules";
import { add, mul, scalar, tensor1d, type Tensor } from "@gen/tensor";
import type { Denoiser } from "./denoiser.ts";

/**
 * All that a solver needs of a model and of the things X that it moves: predictions at a time, and linear
 * combinations. Solvers are written once for any X: tensors, or plain float64 numbers (which is how their orders are
 * measured).
 */
export interface Evaluator<X> {
  readonly path: Path;
  /** The model's prediction for x at time t, converted to the kind that is wanted. */
  predict(x: X, t: number, wanted: Prediction): X;
  /** The sum of coefficient · value over all terms, at least one. */
  combine(terms: readonly Term<X>[]): X;
}

/** A coefficient and what it multiplies. */
export type Term<X> = readonly [coefficient: number, value: X];

/**
 * Binds a denoiser to its condition, for steps on tensors. Times and coefficients enter as tensors, so that the steps
 * of a sampler share their compiled graphs. Call it inside `tidy`, as `sample` does: it leaves its intermediate
 * tensors to be disposed of there.
 */
export function tensorEvaluator<Condition>(
  denoiser: Denoiser<Condition>,
  condition?: Condition,
): Evaluator<Tensor> {
  const { path, prediction } = denoiser;
  return {
    path,
    combine,
    predict(x, t, wanted) {
      const times = tensor1d(new Float32Array(x.shape[0] ?? 1).fill(t));
      const predicted = denoiser.predict(x, times, condition);
      if (predicted.shape.join() !== x.shape.join()) {
        throw new Error(
          `predict: the denoiser must return the shape of x, [${x.shape.join(", ")}], got [${predicted.shape.join(", ")}]`,
        );
      }
      if (prediction === wanted) return predicted;
      const conversion = predictionConversion(path, t, prediction, wanted);
      return combine([
        [conversion.input, x],
        [conversion.prediction, predicted],
      ]);
    },
  };
}

function combine(terms: readonly Term<Tensor>[]): Tensor {
  const products = terms.map(([c, value]) => (c === 1 ? value : mul(value, scalar(c))));
  return products.reduce((sum, product) => add(sum, product));
}
