import {
  denoiser,
  DiT,
  type DiTConfig,
  type Network,
  rectifiedFlowLoss,
  UNet,
  type UNetConfig,
  VelocityMLP,
  type VelocityMLPConfig,
} from "@gen/diffusion";
import { compiled, heun, sample } from "@gen/samplers";
import { uniformGrid } from "@gen/schedules";
import { type Key, key, split, type Tensor } from "@gen/tensor";
import { normals, uniforms } from "../shared-tensors.ts";
import { type Optimization, training } from "../training.ts";
import type { Step, Workload } from "../workload.ts";

/** A network of `@gen/diffusion`: plain data, which PyTorch's side is given too. */
export type FlowNetwork =
  | { readonly kind: "UNet"; readonly config: UNetConfig }
  | { readonly kind: "DiT"; readonly config: DiTConfig }
  | { readonly kind: "VelocityMLP"; readonly config: VelocityMLPConfig };

function create(k: Key, { kind, config }: FlowNetwork): Network {
  if (kind === "UNet") return new UNet(k, config);
  return kind === "DiT" ? new DiT(k, config) : new VelocityMLP(k, config);
}

function shapeOf({ kind, config }: FlowNetwork, batch: number): number[] {
  if (kind === "VelocityMLP") return [batch, config.dims ?? 2];
  return [batch, config.imageSize, config.imageSize, config.inChannels];
}

/**
 * A training step of rectified flow.
 *
 * @param parts `shards` of `trainStep`
 */
export function flowTraining(
  name: string,
  network: FlowNetwork,
  batch: number,
  optimization: Optimization,
  parts: { shards?: number } = {},
): Workload {
  const shape = shapeOf(network, batch);
  return {
    name,
    twin: { kind: "FlowTraining", network, ...optimization },
    images: network.kind !== "VelocityMLP",
    checks: 3,
    counted: true,
    inputs: () => ({ images: normals(key(3), shape) }),
    // As `rectifiedFlowLoss` draws them; if it draws otherwise one day, the check fails and says so.
    draws: (k) => {
      const [timeKey, noiseKey] = split(k, 3) as [Key, Key, Key];
      return { t: uniforms(timeKey, [batch]), noise: normals(noiseKey, shape) };
    },
    create: (k) => {
      const model = create(k, network);
      return {
        model,
        begin: (inputs) =>
          training(
            model,
            ({ images }, stepKey) => ({
              loss: rectifiedFlowLoss({ model, images: images as Tensor, key: stepKey }),
            }),
            optimization,
            inputs,
            parts,
          ),
      };
    },
  };
}

interface SamplingOptions {
  readonly shards: number;
  readonly oneGraph?: boolean;
}

/**
 * A batch of samples by Heun's method: two evaluations a step, and one in the last.
 *
 * @param options `shards` of the sampler, or of the denoiser; `oneGraph`: all steps are one graph, as it pays with
 *   small models
 */
export function flowSampling(
  name: string,
  network: FlowNetwork,
  batch: number,
  steps: number,
  options: SamplingOptions,
): Workload {
  return {
    name,
    twin: { kind: "FlowSampling", network, steps },
    images: network.kind !== "VelocityMLP",
    checks: 1,
    counted: true,
    evaluations: options.oneGraph ? 1 : 2 * steps - 1,
    inputs: () => ({ images: normals(key(3), shapeOf(network, batch)) }),
    draws: () => ({}),
    create: (k) => {
      const model = create(k, network);
      return { model, begin: ({ images }) => sampling(model, steps, options, images as Tensor) };
    },
  };
}

function sampling(
  model: Network,
  steps: number,
  { shards, oneGraph = false }: SamplingOptions,
  noise: Tensor,
): Step {
  const denoise = denoiser(model, oneGraph ? {} : { shards });
  const plan = heun(uniformGrid(steps));
  const sampler = oneGraph ? compiled(plan, { stepsAtOnce: steps, shards }) : plan;
  const start = noise.dataSync();
  return async () => {
    const samples = await sample({ denoiser: denoise, sampler, noise });
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
