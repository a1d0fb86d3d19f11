import { eightGaussians } from "@gen/data";
import { denoiser, rectifiedFlowLoss, VelocityMLP } from "@gen/diffusion";
import { state } from "@gen/nn";
import { heun, sample } from "@gen/samplers";
import { uniformGrid } from "@gen/schedules";
import { dispose, foldIn, key, normal, type Tensor, tensor } from "@gen/tensor";
import { adamw, trainStep } from "@gen/train";

export interface Result {
  losses: number[];
  /** x, y, x, y, … */
  samples: number[];
}

export interface Options {
  steps: number;
  /** Told of every loss. */
  onStep?: (step: number, loss: number) => void;
}

const batch = 256;

/**
 * Trains a flow on eight Gaussians and samples from it. The step (loss, gradients, AdamW) is compiled: one graph, run
 * without any JavaScript for its operations. Nothing here knows where it runs.
 */
export async function trainAndSample({ steps, onStep }: Options): Promise<Result> {
  const model = new VelocityMLP(key(0), { width: 64, depth: 3 });
  const parameters = state(model);
  const trainee = trainStep({
    parameters,
    loss: ({ points }, k) => ({
      loss: rectifiedFlowLoss({ model, images: points as Tensor, key: k }),
    }),
    optimizer: adamw({ learningRate: 2e-3 }),
  });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const points = tensor(eightGaussians(foldIn(key(1), step), batch), [batch, 2]);
    const { loss, ...others } = trainee.step({ points }, foldIn(key(2), step), step);
    losses.push((await (loss as Tensor).data())[0] as number);
    onStep?.(step, losses.at(-1) as number);
    dispose([points, loss, others]);
  }
  const noise = normal(key(3), [batch, 2]);
  const points = await sample({
    denoiser: denoiser(model),
    sampler: heun(uniformGrid(12)),
    noise,
  });
  const samples = [...(await points.data())];
  dispose([noise, points]);
  trainee.dispose();
  dispose(parameters);
  return { losses, samples };
}
