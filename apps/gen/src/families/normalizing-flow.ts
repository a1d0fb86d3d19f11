import * as v from "valibot";
import { parameters, state } from "@gen/nn";
import {
  compile,
  type Compiled,
  foldIn,
  type Key,
  key,
  type Tensor,
  tensor,
  tidy,
} from "@gen/tensor";
import { trainStep } from "@gen/train";
import { flowLoss, maskedAutoregressiveFlow, type NormalizingFlow, realNVP } from "@gen/vae";
import { exampleBatch } from "../batches.ts";
import {
  commonSettings,
  count,
  counter,
  counts,
  optimizerSchema,
  type RunConfig,
} from "../config.ts";
import type { Dataset } from "../dataset.ts";
import { type Examples, sizeOf } from "../examples.ts";
import { exampleInput } from "../export-inputs.ts";
import { misuse } from "../failure.ts";
import type {
  Family,
  Found,
  HeldOut,
  LogLikelihoods,
  SamplePlan,
  Trained,
  Training,
} from "../family.ts";
import { growingSamples } from "../growing-samples.ts";
import { imageGrid, type Png } from "../image-grid.ts";
import { createOptimizer } from "../optimizer.ts";
import { adamPreset, manyPoints, pointPresets } from "../preset-parts.ts";
import { drawInBatches, usualBatch } from "../sample-batches.ts";
import { disposeWeights, loadWeights, parameterCount } from "../trained-weights.ts";

// RealNVP and masked autoregressive flows differ in their layers alone: what they share stands first.

/** Components of the base; 0 for N(0, I). */
const modelSchema = v.strictObject({ layers: count, hidden: counts, components: counter });

const common = {
  ...commonSettings,
  model: modelSchema,
  optimizer: optimizerSchema,
  sampleEvery: count,
  samples: v.strictObject({ count }),
};

interface FlowRun extends RunConfig {
  optimizer: v.InferOutput<typeof optimizerSchema>;
  model: v.InferOutput<typeof modelSchema>;
  sampleEvery: number;
  samples: { count: number };
}

const usual = {
  data: manyPoints,
  optimizer: { ...adamPreset, learningRate: 5e-3, warmup: 200, weightDecay: 0, clipNorm: 10 },
  batchSize: 256,
  seed: 0,
  checkpointEvery: 1000,
  logEvery: 10,
  sampleEvery: 1000,
  samples: { count: 2000 },
};

/** A normalizing flow for use. */
export interface TrainedDensity extends Trained {
  readonly model: NormalizingFlow;
  readonly examples: Examples;
  /** Points [count, 2], one after another, to log p of each. */
  logDensity(points: Float32Array): Promise<Float64Array>;
  /** A whole batch of draws [count, 2]; the caller disposes of it. */
  readonly draw: Compiled<[Key], Tensor>;
}

const BATCH = 10_000;

function trained(model: NormalizingFlow, examples: Examples): TrainedDensity {
  const draw = compile((noiseKey: Key) => model.sample(noiseKey, [usualBatch(examples)]));
  const logProb = compile((x: Tensor) => model.logProb(x));
  return {
    model,
    examples,
    draw,
    parameters: parameterCount(model),
    async logDensity(points) {
      const size = sizeOf(examples);
      const total = points.length / size;
      const result = new Float64Array(total);
      for (let first = 0; first < total; first += BATCH) {
        const rows = points.subarray(first * size, (first + BATCH) * size);
        const x = tensor(rows, [rows.length / size, size]);
        const log = logProb(x);
        result.set(await log.data(), first);
        x.dispose();
        log.dispose();
      }
      return result;
    },
    dispose() {
      draw.dispose();
      logProb.dispose();
      disposeWeights(model);
    },
  };
}

/** Draws samples; equal keys give equal samples, however many. */
function drawSamples(
  { draw, examples }: Pick<TrainedDensity, "draw" | "examples">,
  plan: SamplePlan<unknown>,
): Promise<Float32Array> {
  return drawInBatches(plan, examples, usualBatch(examples), async ({ first }) => {
    const drawn = draw(foldIn(plan.key, first));
    try {
      return (await drawn.data()) as Float32Array;
    } finally {
      drawn.dispose();
    }
  });
}

const SIDE = 240;
const EXTENT = 4.5;

/** p(x) over the plane, black where it is largest. */
async function density({ logDensity }: TrainedDensity): Promise<Png> {
  const points = new Float32Array(2 * SIDE * SIDE);
  for (let i = 0; i < SIDE * SIDE; i++) {
    points[2 * i] = (((i % SIDE) + 0.5) / SIDE - 0.5) * 2 * EXTENT;
    points[2 * i + 1] = (0.5 - (Math.floor(i / SIDE) + 0.5) / SIDE) * 2 * EXTENT;
  }
  const values = Array.from(await logDensity(points), Math.exp);
  // A few sharp peaks would leave the rest white.
  const top = values.toSorted((a, b) => a - b)[Math.floor(0.995 * values.length)] as number;
  const pixels = Uint8Array.from(values, (p) => 255 * (1 - Math.min(1, p / top)));
  return imageGrid({ pixels, count: 1, height: SIDE, width: SIDE, channels: 1 }, { scale: 2 });
}

type Described<C extends FlowRun> = Pick<
  Family<C, TrainedDensity>,
  "task" | "about" | "examples" | "schema" | "presets" | "trials"
> & { readonly make: typeof realNVP };

function flowFamily<C extends FlowRun>({ make, ...told }: Described<C>): Family<C, TrainedDensity> {
  function createModel(config: C, { shape }: Examples): NormalizingFlow {
    const [features] = shape;
    if (shape.length !== 1 || (features as number) < 2) {
      throw misuse(
        `gen train ${told.task} is for points; take a preset of points, or another family for images of ${shape.join("×")}.`,
      );
    }
    const { components, ...layers } = config.model;
    return make(foldIn(key(config.seed), 0), {
      ...layers,
      features: features as number,
      ...(components > 0 && { components }),
    });
  }

  function create(config: C, dataset: Dataset): Training {
    const { examples } = dataset;
    const model = createModel(config, examples);
    if (dataset.kind !== "points") throw misuse(`gen train ${told.task} is for points.`);
    const rows = dataset.training.subarray(0, 2000);
    const first = tensor(rows, [rows.length / 2, 2]);
    model.start(first);
    first.dispose();
    const trainee = trainStep({
      parameters: parameters(model),
      loss: ({ images }) => flowLoss({ model, images: images as Tensor }) as { loss: Tensor },
      optimizer: createOptimizer(config),
    });
    const { draw, dispose } = trained(model, examples);
    return {
      trainee,
      batch: exampleBatch(dataset, config),
      picture: {
        every: config.sampleEvery,
        draw: () =>
          growingSamples(config, dataset, config.samples.count, {}, (plan) =>
            drawSamples({ draw, examples }, plan),
          ),
      },
      dispose() {
        trainee.dispose();
        dispose();
      },
    };
  }

  function load(config: C, examples: Examples, found: Found): TrainedDensity {
    const model = createModel(config, examples);
    loadWeights(model, found);
    return trained(model, examples);
  }

  return {
    ...told,
    create,
    load,
    sampling: { settings: {}, draw: drawSamples },
    async likelihood({ logDensity }, { numbers }: HeldOut): Promise<LogLikelihoods> {
      return { kind: "exact", of: "points", nats: await logDensity(numbers) };
    },
    pictures: {
      density: {
        about: "The density over the plane",
        draw: density,
      },
    },
    parts: {
      density: {
        build: ({ model }, examples) => ({
          fn: (x) => model.logProb(x as Tensor),
          inputs: (batch) => [exampleInput(examples, batch)],
          names: { inputs: ["x"], outputs: ["logProbability"] },
          weights: state(model),
          metadata: { unit: "nats" },
        }),
      },
      inverse: {
        build: ({ model }, examples) => ({
          fn: (z) => tidy(() => model.inverse(z as Tensor).value),
          inputs: (batch) => [exampleInput(examples, batch)],
          names: { inputs: ["z"], outputs: ["x"] },
          weights: state(model),
          metadata: {},
        }),
      },
    },
  };
}

const realnvpSchema = v.strictObject({ task: v.literal("realnvp"), ...common });

/** A run of this flow. */
type RealNVPConfig = v.InferOutput<typeof realnvpSchema>;

/** With a learnt base, and without. */
const trials = [
  { preset: "points-moons", set: ["data.training=100", "model.layers=2"] },
  {
    preset: "points-8gaussians",
    set: ["data.training=100", "model.layers=2", "model.components=0"],
  },
];

/** Couplings, after which half of a point is as it was. */
export const realnvp = flowFamily<RealNVPConfig>({
  task: "realnvp",
  about:
    "Train RealNVP: affine couplings on a mixture (model.components=0: on N(0, I)), an exact density, samples in one pass.",
  examples: [
    "gen train realnvp --preset points-8gaussians",
    "gen train realnvp --preset points-moons --set model.components=0 --set model.layers=12 --out runs/moons",
  ],
  schema: realnvpSchema,
  presets: pointPresets<RealNVPConfig>({
    task: "realnvp",
    preset: "",
    ...usual,
    model: { layers: 8, hidden: [64, 64], components: 16 },
    steps: 4000,
  }),
  trials,
  make: realNVP,
});

const mafSchema = v.strictObject({ task: v.literal("maf"), ...common });

/** A run of this flow. */
type MAFConfig = v.InferOutput<typeof mafSchema>;

/** Autoregressive layers on a base of mixtures. */
export const maf = flowFamily<MAFConfig>({
  task: "maf",
  about:
    "Train a masked autoregressive flow on a masked mixture (model.components=0: on N(0, I)): an exact density.",
  examples: [
    "gen train maf --preset points-8gaussians",
    "gen train maf --preset points-checkerboard --set model.components=0 --set model.layers=12",
  ],
  schema: mafSchema,
  presets: pointPresets<MAFConfig>({
    task: "maf",
    preset: "",
    ...usual,
    model: { layers: 5, hidden: [64, 64], components: 8 },
    steps: 4000,
  }),
  trials,
  make: maskedAutoregressiveFlow,
});
