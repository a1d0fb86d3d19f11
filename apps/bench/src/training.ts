import { parameters as parametersOf, state } from "@gen/nn";
import { dispose, type Tensor } from "@gen/tensor";
import {
  adam,
  adamw,
  constant,
  Ema,
  type Trainee,
  trainStep,
  type TrainStepOptions,
} from "@gen/train";
import { stepKey } from "./shared-inputs.ts";
import type { Step } from "./workload.ts";

/** How weights move: plain data, which both sides are given. */
export interface Optimization {
  /** PyTorch's AdamW decays all parameters, biases too, and so does ours here. */
  readonly optimizer: "adamw" | "adam";
  readonly learningRate: number;
  /** Default 0.9. */
  readonly beta1?: number;
  /** Decay of the moving average of the weights; left out: none is kept. */
  readonly emaDecay?: number;
}

export function transformOf({
  optimizer,
  learningRate,
  beta1,
}: Optimization): ReturnType<typeof adam> {
  return optimizer === "adamw"
    ? adamw({ learningRate, beta1, mask: () => true })
    : adam({ learningRate, beta1 });
}

export function emaOf(model: object, { emaDecay }: Optimization): Ema | undefined {
  return emaDecay === undefined ? undefined : new Ema(parametersOf(model), constant(emaDecay));
}

/**
 * A training step of one loss. The check is the loss.
 *
 * @param parts `shards` of `trainStep`
 */
export function training(
  model: object,
  loss: TrainStepOptions["loss"],
  optimization: Optimization,
  batch: Record<string, Tensor>,
  parts: { shards?: number } = {},
): Step {
  const trainee = trainStep({
    parameters: state(model),
    loss,
    ...parts,
    optimizer: transformOf(optimization),
    ema: emaOf(model, optimization),
  });
  return traineeStep(trainee, batch, ["loss"]);
}

/** A step of any trainee, on the same batch each time. The check is what it measured by these names. */
export function traineeStep(
  trainee: Trainee,
  batch: Record<string, Tensor>,
  names: readonly string[],
): Step {
  return async (step) => {
    const metrics = trainee.step(batch, stepKey(step), step);
    const values = await Promise.all(names.map((name) => metrics[name]!.data()));
    dispose(metrics);
    return values.map(([value]) => value as number);
  };
}
