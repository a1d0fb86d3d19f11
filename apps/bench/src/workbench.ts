import { readFileSync } from "node:fs";
import { denoiser, type Network, rectifiedFlowLoss } from "@gen/diffusion";
import { fromTorch, load, parameterCount, parameters, state, type Weights } from "@gen/nn";
import { parse } from "@gen/safetensors";
import { heun, sample } from "@gen/samplers";
import { uniformGrid } from "@gen/schedules";
import { dispose, key, type Tensor, tensor } from "@gen/tensor";
import { adam, adamw, constant, Ema, trainStep } from "@gen/train";
import { createNetwork } from "./network.ts";
import type { Prepare, Prepared } from "./protocol.ts";
import { labelDropout, stepKey } from "./shared-inputs.ts";
import type { Sampling, Training } from "./workloads.ts";

/** One step of a workload, computed to its end: the numbers of the check. */
type Step = (step: number) => Promise<number[]>;

/** A workload ready to run on the backend of this process. */
export interface Workbench extends Prepared {
  /** Milliseconds of each of so many steps. */
  run(steps: number): Promise<number[]>;
}

/** Builds a workload from the shared file and does its check. */
export async function prepare(request: Prepare): Promise<Workbench> {
  const { prepare: workload, file, checks: count } = request;
  const { tensors } = parse(new Uint8Array(readFileSync(file)));
  const model = createNetwork(key(0), workload);
  const weights: Record<string, Weights> = {};
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    if (name.startsWith("model.")) weights[name.slice(6)] = { shape, data: data as Float32Array };
  }
  load(model, fromTorch(model, weights));

  const given = (name: string): Tensor | undefined => {
    const stored = tensors[name];
    if (!stored) return undefined;
    const dtype = stored.dtype === "F32" ? "float32" : "int32";
    return tensor(stored.data as Float32Array | Int32Array, [...stored.shape], dtype);
  };
  const images = given("images") as Tensor;
  const labels = given("labels");
  const { task } = workload;
  const step =
    task.kind === "train"
      ? training(model, task, images, labels)
      : sampling(model, task, images, labels);

  const checks: number[] = [];
  let stepMs = 0;
  for (let i = 0; i < (task.kind === "train" ? count : 1); i++) {
    const start = performance.now();
    checks.push(...(await step(i)));
    stepMs = performance.now() - start;
  }
  let done = checks.length;
  return {
    parameters: parameterCount(model),
    checks,
    stepMs,
    async run(steps) {
      const times: number[] = [];
      for (let i = 0; i < steps; i++) {
        const start = performance.now();
        await step(done++);
        times.push(performance.now() - start);
      }
      return times;
    },
  };
}

function training(
  model: Network,
  { optimizer, learningRate, emaDecay }: Training,
  images: Tensor,
  labels: Tensor | undefined,
): Step {
  const trainee = trainStep({
    parameters: state(model),
    loss: (batch, k) => ({
      loss: rectifiedFlowLoss({
        model,
        images: batch["images"] as Tensor,
        labels: batch["labels"],
        key: k,
        labelDropout,
      }),
    }),
    // PyTorch's AdamW decays all parameters, biases too.
    optimizer:
      optimizer === "adamw" ? adamw({ learningRate, mask: () => true }) : adam({ learningRate }),
    ema: emaDecay === undefined ? undefined : new Ema(parameters(model), constant(emaDecay)),
  });
  const batch = { images, ...(labels && { labels }) };
  return async (step) => {
    const metrics = trainee.step(batch, stepKey(step), step);
    const [loss] = await metrics["loss"]!.data();
    dispose(metrics);
    return [loss as number];
  };
}

function sampling(
  model: Network,
  { steps }: Sampling,
  noise: Tensor,
  labels: Tensor | undefined,
): Step {
  const denoise = denoiser(model);
  const sampler = heun(uniformGrid(steps));
  const start = noise.dataSync();
  return async () => {
    const samples = await sample({
      denoiser: denoise,
      sampler,
      noise,
      ...(labels && { condition: labels }),
    });
    const x = await samples.data();
    samples.dispose();
    let square = 0;
    let product = 0;
    for (let i = 0; i < x.length; i++) {
      square += x[i]! ** 2;
      product += x[i]! * start[i]!;
    }
    return [Math.sqrt(square / x.length), product / x.length];
  };
}
