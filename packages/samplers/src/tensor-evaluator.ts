import { predictionConversion, type Prediction } from "@gen/schedules";
import {
  abs,
  add,
  div,
  exp,
  type Key,
  maximum,
  mean,
  mul,
  normal,
  scalar,
  sqrt,
  square,
  type Tensor,
  tensor1d,
} from "@gen/tensor";
import type { Denoiser } from "./denoiser.ts";
import { byCoefficient, type Evaluator, type Term } from "./evaluator.ts";

/** An evaluator on tensors, which also says what it is made of. */
export interface TensorEvaluator<Condition = unknown> extends Evaluator<Tensor> {
  readonly denoiser: Denoiser<Condition>;
  readonly condition: Condition | undefined;
}

/** How the plain numbers and the keys of a step become arguments of tensor operations. */
export interface StepInputs {
  /** A coefficient, of a shape that broadcasts over tensors of this rank. */
  coefficient(value: number, rank: number): Tensor;
  /** The time of each element, float32 [batch]. */
  times(t: number, batch: number): Tensor;
  key(key: Key): Key;
}

const FROM_THE_HOST: StepInputs = {
  coefficient: (value) => scalar(value),
  times: (t, batch) => tensor1d(new Float32Array(batch).fill(t)),
  key: (key) => key,
};

/**
 * Binds a denoiser to its condition, for steps on tensors. Times and coefficients enter as tensors, so that the steps
 * of a sampler share their compiled graphs. Call it inside `tidy`, as `sample` does: it leaves its intermediate
 * tensors to be disposed of there.
 */
export function tensorEvaluator<Condition>(
  denoiser: Denoiser<Condition>,
  condition?: Condition,
): TensorEvaluator<Condition> {
  return evaluatorOn(denoiser, condition, FROM_THE_HOST);
}

/** `tensorEvaluator` with another way for the step's numbers to enter. */
export function evaluatorOn<Condition>(
  denoiser: Denoiser<Condition>,
  condition: Condition | undefined,
  inputs: StepInputs,
): TensorEvaluator<Condition> {
  const { path, prediction } = denoiser;
  const combine = (terms: readonly Term<Tensor>[]): Tensor =>
    byCoefficient(terms)
      .map(([c, values]) => {
        const sum = values.reduce((total, value) => add(total, value));
        return c === 1 ? sum : mul(sum, inputs.coefficient(c, sum.rank));
      })
      .reduce((sum, product) => add(sum, product));
  const converted = (x: Tensor, predicted: Tensor, t: number, wanted: Prediction): Tensor => {
    checkShape("prediction", predicted, x);
    if (prediction === wanted) return predicted;
    const conversion = predictionConversion(path, t, prediction, wanted);
    return combine([
      [conversion.input, x],
      [conversion.prediction, predicted],
    ]);
  };
  return {
    path,
    denoiser,
    condition,
    combine,
    predict(x, t, wanted) {
      const times = inputs.times(t, x.shape[0] ?? 1);
      return converted(x, denoiser.predict(x, times, condition), t, wanted);
    },
    predictWithVariance(x, t, wanted) {
      if (!denoiser.predictWithVariance) {
        throw new Error(
          "predictWithVariance: the denoiser says nothing of the variance; " +
            "give it predictWithVariance, or a sampler without learned variance",
        );
      }
      const times = inputs.times(t, x.shape[0] ?? 1);
      const { prediction: predicted, variance } = denoiser.predictWithVariance(x, times, condition);
      checkShape("variance", variance, x);
      return { prediction: converted(x, predicted, t, wanted), variance };
    },
    normal(like, key, logStd) {
      const noise = normal(inputs.key(key), like.shape);
      return logStd ? mul(noise, exp(logStd)) : noise;
    },
    errorNorm(error, x, y, absolute, relative) {
      const scale = add(
        inputs.coefficient(absolute, x.rank),
        mul(maximum(abs(x), abs(y)), inputs.coefficient(relative, x.rank)),
      );
      return sqrt(mean(square(div(error, scale))));
    },
  };
}

function checkShape(what: string, given: Tensor, x: Tensor): void {
  if (!Array.isArray((given as Tensor | undefined)?.shape)) {
    throw new Error(`predict: the denoiser must return a tensor, got a ${what} of ${typeof given}`);
  }
  if (given.shape.join() === x.shape.join()) return;
  throw new Error(
    `predict: the denoiser must return the shape of x, [${x.shape.join(", ")}], ` +
      `got a ${what} of shape [${given.shape.join(", ")}]`,
  );
}
