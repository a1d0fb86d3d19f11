import {
  add,
  div,
  foldIn,
  type Key,
  maximum,
  mean,
  mul,
  split,
  sqrt,
  square,
  sum,
  type Tensor,
} from "@gen/tensor";
import type { SamplerState } from "../sampler.ts";
import type { TensorEvaluator } from "../tensor-evaluator.ts";
import type { TensorSampler } from "../tensor-sampler.ts";
import { checkFixedSteps, keyOf } from "../editing/wrapped.ts";

export interface PredictorCorrectorOptions {
  /** r: the size of the noise over that of the score's move. Default the paper's 0.16. */
  readonly snr?: number;
  /** Langevin moves after each step of the predictor. Default 1. */
  readonly corrections?: number;
}

/**
 * A predictor–corrector sampler (Song et al. 2021, arXiv:2011.13456, algorithm 1): after each step of any sampler, some
 * Langevin moves x ← x + ε·score + √(2ε)·z at the time it arrives at, ε = 2·(r·‖z‖/‖score‖)² with norms averaged over
 * the batch (algorithms 4 and 5, whose α is all but 1). At time 0, where there is no score, nothing is corrected. It
 * costs `corrections` evaluations a step more.
 *
 * @param predictor any sampler with fixed steps; deterministic ones too
 */
export function predictorCorrector(
  predictor: TensorSampler,
  { snr = 0.16, corrections = 1 }: PredictorCorrectorOptions = {},
): TensorSampler {
  const name = `predictorCorrector(${predictor.name})`;
  checkFixedSteps(name, predictor);
  if (!(snr > 0 && snr < Infinity)) {
    throw new Error(`${name}: snr must be a positive number, got ${snr}`);
  }
  if (!Number.isInteger(corrections) || corrections < 1) {
    throw new Error(`${name}: corrections must be a positive integer, got ${corrections}`);
  }
  return Object.freeze({
    ...predictor,
    name,
    step(state: SamplerState<Tensor>, evaluator: TensorEvaluator): SamplerState<Tensor> {
      const runKey = keyOf(name, state);
      const [predicting, correcting] = split(runKey);
      const predicted = predictor.step({ ...state, key: predicting }, evaluator);
      const time = predictor.times[predicted.index] as number;
      let { x } = predicted;
      if (time > 0) {
        const stepKey = foldIn(correcting, state.index);
        for (let i = 0; i < corrections; i++) {
          x = corrected(evaluator, x, time, snr, foldIn(stepKey, i));
        }
      }
      return { ...predicted, x, key: runKey };
    },
  });
}

function corrected(
  evaluator: TensorEvaluator,
  x: Tensor,
  time: number,
  snr: number,
  key: Key,
): Tensor {
  // The score is -noise/b.
  const score = evaluator.combine([
    [-1 / evaluator.path.b(time), evaluator.predict(x, time, "noise")],
  ]);
  const z = evaluator.normal(x, key);
  const ratio = div(averageNorm(z), maximum(averageNorm(score), 1e-12));
  const size = mul(square(mul(ratio, snr)), 2);
  return add(x, add(mul(score, size), mul(z, sqrt(mul(size, 2)))));
}

function averageNorm(x: Tensor): Tensor {
  return mean(sqrt(sum(square(x), x.shape.map((_, axis) => axis).slice(1))));
}
