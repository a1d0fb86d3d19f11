import * as v from "valibot";
import { clone, parameters, state } from "@gen/nn";
import { denoiser, type Network, type NetworkDenoiser, rectifiedFlowLoss } from "@gen/diffusion";
import { unrolled } from "@gen/samplers";
import { logitNormalTimes, uniformGrid, uniformTimes } from "@gen/schedules";
import { foldIn, key, type Tensor, zeros } from "@gen/tensor";
import { Ema, trainStep, warmedUpDecay } from "@gen/train";
import { exampleBatch } from "../batches.ts";
import {
  commonSettings,
  count,
  counter,
  counts,
  fraction,
  nonNegative,
  optimizerSchema,
  word,
} from "../config.ts";
import type { Dataset } from "../dataset.ts";
import { type Examples, sizeOf } from "../examples.ts";
import { exampleInput, labelInputs, labelNames } from "../export-inputs.ts";
import type { ExportedPart, Family, Found, Scene, Trained, Training } from "../family.ts";
import { growingSamples } from "../growing-samples.ts";
import { imageGrid, type Png, toPixels } from "../image-grid.ts";
import { createOptimizer } from "../optimizer.ts";
import { adamPreset, dataPresets, fewImages, pointPresets } from "../preset-parts.ts";
import { wholeSetting } from "../settings.ts";
import { disposeWeights, loadAverage, parameterCount } from "../trained-weights.ts";
import { flowLikelihood } from "./flow-likelihood.ts";
import { createNetwork } from "./flow-network.ts";
import { shardsOf } from "../shards.ts";
import {
  drawFlow,
  type FlowSettings,
  flowSettings,
  guidedDenoiser,
  solvers,
} from "./flow-sampling.ts";

const unetSchema = v.strictObject({
  kind: v.literal("unet"),
  baseChannels: count,
  multipliers: counts,
  blocks: count,
  /** Heights at which there is attention, besides the middle. */
  attention: v.array(count),
});
const ditSchema = v.strictObject({
  kind: v.literal("dit"),
  patch: count,
  width: count,
  depth: count,
  heads: count,
});
const mlpSchema = v.strictObject({
  kind: v.literal("mlp"),
  width: count,
  depth: count,
  fourierFeatures: counter,
});

const schema = v.strictObject({
  task: v.literal("flow"),
  ...commonSettings,
  model: v.variant("kind", [unetSchema, ditSchema, mlpSchema], "must be unet, dit or mlp"),
  flow: v.strictObject({ times: word("uniform", "logit-normal"), labelDropout: fraction }),
  optimizer: optimizerSchema,
  ema: v.strictObject({ decay: fraction }),
  sampleEvery: count,
  samples: v.strictObject({ count, steps: count, guidanceScale: nonNegative }),
});

/** A rectified flow's run. */
export type FlowConfig = v.InferOutput<typeof schema>;

const models = {
  unet: { kind: "unet", baseChannels: 32, multipliers: [1, 2, 2], blocks: 1, attention: [] },
  dit: { kind: "dit", patch: 4, width: 128, depth: 6, heads: 4 },
  mlp: { kind: "mlp", width: 128, depth: 4, fourierFeatures: 32 },
} satisfies { [Kind in FlowConfig["model"]["kind"]]: FlowConfig["model"] & { kind: Kind } };

const glyphs = {
  task: "flow",
  preset: "glyphs",
  data: dataPresets.glyphs,
  model: models.unet,
  flow: { times: "logit-normal", labelDropout: 0.1 },
  optimizer: adamPreset,
  ema: { decay: 0.998 },
  batchSize: 32,
  steps: 1500,
  seed: 0,
  checkpointEvery: 250,
  logEvery: 10,
  sampleEvery: 500,
  samples: { count: 40, steps: 15, guidanceScale: 2 },
} satisfies FlowConfig;

const presets = {
  "demo-glyphs": {
    ...glyphs,
    preset: "demo-glyphs",
    model: { ...models.unet, baseChannels: 16 },
    steps: 700,
    sampleEvery: 350,
  },
  glyphs,
  mnist: {
    ...glyphs,
    preset: "mnist",
    data: dataPresets.mnist,
    model: { ...models.unet, baseChannels: 24 },
    steps: 1500,
  },
  cifar10: {
    ...glyphs,
    preset: "cifar10",
    data: dataPresets.cifar10,
    model: {
      ...models.unet,
      baseChannels: 64,
      multipliers: [1, 2, 2, 2],
      blocks: 2,
      attention: [16],
    },
    steps: 50_000,
    checkpointEvery: 1000,
    sampleEvery: 1000,
  },
  folder: { ...glyphs, preset: "folder", data: dataPresets.folder },
  ...pointPresets<FlowConfig>({
    ...glyphs,
    data: dataPresets.points,
    model: models.mlp,
    flow: { times: "uniform", labelDropout: 0 },
    batchSize: 256,
    steps: 3000,
    sampleEvery: 1000,
    samples: { count: 2000, steps: 25, guidanceScale: 1 },
  }),
} satisfies Record<string, FlowConfig>;

/** Points are too few to gain by it; docs/performance.md. */
const trainingShards = { unet: 2, dit: 4, mlp: 1 };

/** A pass alone gains by it in every network. */
const drawingShards = { unet: 2, dit: 4, mlp: 2 };

/** A flow for use. */
export interface TrainedFlow extends Trained {
  readonly model: Network;
  readonly denoiser: NetworkDenoiser;
  readonly examples: Examples;
}

function createModel({ seed, model }: FlowConfig, examples: Examples): Network {
  return createNetwork(foldIn(key(seed), 0), model, examples);
}

function trained(model: Network, { kind }: FlowConfig["model"], examples: Examples): TrainedFlow {
  const flow = denoiser(model, { shards: drawingShards[kind] });
  return {
    model,
    denoiser: flow,
    examples,
    parameters: parameterCount(model),
    dispose() {
      flow.dispose();
      disposeWeights(model);
    },
  };
}

function create(config: FlowConfig, dataset: Dataset): Training {
  const { examples } = dataset;
  const model = createModel(config, examples);
  const ema = new Ema(parameters(model), warmedUpDecay(config.ema.decay));
  const times = config.flow.times === "uniform" ? uniformTimes : logitNormalTimes();
  const { labelDropout } = config.flow;
  const trainee = trainStep({
    parameters: state(model),
    loss: ({ images, labels }, stepKey) => ({
      loss: rectifiedFlowLoss({
        model,
        images: images!,
        labels,
        key: stepKey,
        times,
        labelDropout,
      }),
    }),
    optimizer: createOptimizer(config),
    ema,
    shards: shardsOf(config.batchSize, trainingShards[config.model.kind]),
  });
  let average: TrainedFlow | undefined;
  const { count: pictured, steps, guidanceScale } = config.samples;
  const settings: FlowSettings = {
    steps,
    solver: "heun",
    guidanceScale: examples.classes > 0 ? guidanceScale : 1,
  };
  return {
    trainee,
    batch: exampleBatch(dataset, config),
    picture: {
      every: config.sampleEvery,
      draw() {
        const flow = (average ??= trained(clone(model), config.model, examples));
        ema.copyTo(parameters(flow.model));
        return growingSamples(config, dataset, pictured, settings, (plan) =>
          drawFlow(flow.denoiser, examples, plan),
        );
      },
    },
    dispose() {
      trainee.dispose();
      ema.dispose();
      average?.dispose();
      disposeWeights(model);
    },
  };
}

function load(config: FlowConfig, examples: Examples, found: Found): TrainedFlow {
  const model = createModel(config, examples);
  loadAverage(model, found);
  return trained(model, config.model, examples);
}

/** x, t and, where there are classes, labels → the velocity. */
function denoiserPart({ model, denoiser: flow }: TrainedFlow, examples: Examples): ExportedPart {
  return {
    fn: (x, t, labels) => flow.predict(x as Tensor, t as Tensor, labels),
    inputs: (batch) => [
      exampleInput(examples, batch),
      zeros([batch]),
      ...labelInputs(examples, batch),
    ],
    names: { inputs: ["x", "t", ...labelNames(examples)], outputs: [flow.prediction] },
    weights: state(model),
    metadata: {
      path: flow.path.name,
      prediction: flow.prediction,
      classes: String(examples.classes),
    },
  };
}

/** Noise and, where there are classes, labels → samples. */
function samplerPart(
  { model, denoiser: flow }: TrainedFlow,
  examples: Examples,
  { steps, solver, guidanceScale }: FlowSettings,
): ExportedPart {
  const guided = guidedDenoiser(flow, examples, guidanceScale);
  const draw = unrolled(guided, solvers[solver](uniformGrid(steps)));
  return {
    fn: (noise, labels) => draw(noise as Tensor, labels),
    inputs: (batch) => [exampleInput(examples, batch), ...labelInputs(examples, batch)],
    names: { inputs: ["noise", ...labelNames(examples)], outputs: ["samples"] },
    weights: state(model),
    metadata: {
      path: flow.path.name,
      solver,
      steps: String(steps),
      guidanceScale: String(guidanceScale),
      classes: String(examples.classes),
    },
  };
}

/** A few samples on their way from noise to picture, one a row. */
async function denoising(
  { denoiser: flow, examples }: TrainedFlow,
  { key: noiseKey, signal }: Scene,
): Promise<Png> {
  const [height, width, channels] = examples.shape as [number, number, number];
  const { classes } = examples;
  const labels =
    classes > 0
      ? Int32Array.of(2, 3, 5, 7, 8).filter((label) => label < classes)
      : new Int32Array(5);
  const steps = 15;
  const shown = Array.from({ length: 11 }, (_, i) => Math.round((i * steps) / 10));
  const size = sizeOf(examples);
  const pixels = new Uint8Array(labels.length * shown.length * size);
  const settings: FlowSettings = { steps, solver: "heun", guidanceScale: classes > 0 ? 2 : 1 };
  const plan = { labels, settings, key: noiseKey, signal };
  await drawFlow(flow, examples, plan, ({ step, first, count: here, x }) => {
    const column = shown.indexOf(step);
    if (column < 0) return;
    const some = toPixels(x);
    for (let i = 0; i < here; i++) {
      pixels.set(
        some.subarray(i * size, (i + 1) * size),
        ((first + i) * shown.length + column) * size,
      );
    }
  });
  const rowLabels = classes > 0 ? { rowLabels: [...labels].map(String) } : {};
  return imageGrid(
    { pixels, count: labels.length * shown.length, height, width, channels },
    { columns: shown.length, scale: 2, ...rowLabels },
  );
}

/** Rectified flows. */
export const flow: Family<FlowConfig, TrainedFlow, typeof flowSettings> = {
  task: "flow",
  about: "Train a rectified flow: noise is moved along straight lines until it is data.",
  examples: [
    "gen train flow --preset glyphs",
    "gen train flow --preset mnist --data ../shared/data --out runs/mnist",
    "gen train flow --preset glyphs --set model.kind=dit --set optimizer.learningRate=3e-4 --out runs/dit",
    "gen train flow --resume --out runs/mnist",
  ],
  schema,
  presets,
  trials: [
    {
      preset: "glyphs",
      set: [
        ...fewImages,
        "samples.count=10",
        "model.baseChannels=4",
        "model.multipliers=1,2",
        "samples.steps=2",
      ],
    },
    {
      preset: "points-moons",
      set: ["data.training=100", "model.width=8", "model.depth=1", "batchSize=16"],
    },
  ],
  alternatives: { "model.kind": models },
  create,
  load,
  sampling: {
    settings: flowSettings,
    draw: (flow, plan) => drawFlow(flow.denoiser, flow.examples, plan),
  },
  likelihood: flowLikelihood,
  pictures: {
    denoising: {
      about: "Samples on their way from noise to image",
      applies: (_, { shape }) => shape.length === 3,
      draw: denoising,
    },
  },
  parts: {
    denoiser: { build: denoiserPart },
    sampler: {
      settings: {
        ...flowSettings,
        steps: wholeSetting("Steps of the solver", { low: 1, high: 100_000, fallback: 10 }),
      },
      build: (flow, examples, settings) => samplerPart(flow, examples, settings as FlowSettings),
    },
  },
};
