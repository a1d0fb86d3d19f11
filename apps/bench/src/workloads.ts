import type { DiTConfig, UNetConfig, VelocityMLPConfig } from "@gen/diffusion";

/** What is timed. It is plain data: PyTorch's side is given the same, as JSON. */
export interface Workload {
  readonly name: string;
  readonly network:
    | { readonly kind: "UNet"; readonly config: UNetConfig }
    | { readonly kind: "DiT"; readonly config: DiTConfig }
    | { readonly kind: "VelocityMLP"; readonly config: VelocityMLPConfig };
  readonly batch: number;
  /** A training step of rectified flow, or drawing a batch of samples by Heun's method. */
  readonly task: Training | Sampling;
}

export interface Training {
  readonly kind: "train";
  readonly optimizer: "adamw" | "adam";
  readonly learningRate: number;
  /** Decay of the moving average of the weights; left out: none is kept. */
  readonly emaDecay?: number;
}

export interface Sampling {
  readonly kind: "sample";
  /** Heun steps: two evaluations each, and one in the last. */
  readonly steps: number;
}

const unet: Workload["network"] = {
  kind: "UNet",
  config: {
    imageSize: 28,
    inChannels: 1,
    baseChannels: 32,
    multipliers: [1, 2, 2],
    blocks: 2,
    attention: [7],
    classes: 10,
  },
};
const adamw: Training = {
  kind: "train",
  optimizer: "adamw",
  learningRate: 1e-4,
  emaDecay: 0.999,
};

export const workloads: readonly Workload[] = [
  { name: "unet-train", network: unet, batch: 32, task: adamw },
  { name: "unet-sample", network: unet, batch: 64, task: { kind: "sample", steps: 25 } },
  {
    name: "dit-train",
    network: {
      kind: "DiT",
      config: {
        imageSize: 28,
        inChannels: 1,
        patch: 2,
        width: 192,
        depth: 6,
        heads: 6,
        classes: 10,
      },
    },
    batch: 32,
    task: adamw,
  },
  {
    name: "flow-mlp-train",
    network: { kind: "VelocityMLP", config: { dims: 2, width: 256, depth: 4 } },
    batch: 1024,
    task: { kind: "train", optimizer: "adam", learningRate: 1e-4 },
  },
];

/** The shape of one example. */
export function exampleShape({ network: { kind, config } }: Workload): number[] {
  return kind === "VelocityMLP"
    ? [config.dims ?? 2]
    : [config.imageSize, config.imageSize, config.inChannels];
}

/** How many classes the examples have labels of; 0 for none. */
export function classesOf({ network: { kind, config } }: Workload): number {
  return kind === "VelocityMLP" ? 0 : (config.classes ?? 0);
}
