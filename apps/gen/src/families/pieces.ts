import * as v from "valibot";
import { dropLabels } from "@gen/autoregressive";
import { parameters, state } from "@gen/nn";
import {
  compile,
  dispose,
  fill,
  foldIn,
  type Key,
  key,
  type Tensor,
  tensor,
  tidy,
} from "@gen/tensor";
import { Ema, type Losses, trainStep, warmedUpDecay } from "@gen/train";
import { binarized, type Change, exampleBatch } from "../batches.ts";
import { commonSettings, count, fraction, optimizerSchema, type RunConfig } from "../config.ts";
import { type Dataset, type ImageDataset, normalized } from "../dataset.ts";
import { type Examples, sizeOf } from "../examples.ts";
import type {
  ExportedPart,
  Family,
  Found,
  HeldOut,
  LogLikelihoods,
  Plan,
  SamplePlan,
  Scene,
  Trained,
  Training,
} from "../family.ts";
import { growingSamples } from "../growing-samples.ts";
import { imageGrid, type Png, toPixels } from "../image-grid.ts";
import { likelihoodInBatches } from "../likelihood-batches.ts";
import { createOptimizer } from "../optimizer.ts";
import { adamPreset } from "../preset-parts.ts";
import { drawInBatches, usualBatch } from "../sample-batches.ts";
import { readSettings, type Settings, type ValuesOf } from "../settings.ts";
import { disposeWeights, loadAverage, parameterCount } from "../trained-weights.ts";
import { shardsOf } from "../shards.ts";

// Families that make an example piece by piece, pixels, tiles or patches, and differ in their network and how it draws.

/** What their runs have besides the model. */
export const pieceSettings = {
  ...commonSettings,
  /** How many labels become «no label» in training, for guidance. */
  labelDropout: fraction,
  optimizer: optimizerSchema,
  ema: v.strictObject({ decay: fraction }),
  sampleEvery: count,
  samples: v.strictObject({ count }),
};

export interface PieceRun extends RunConfig {
  labelDropout: number;
  optimizer: v.InferOutput<typeof optimizerSchema>;
  ema: { decay: number };
  sampleEvery: number;
  samples: { count: number };
}

/** Values of presets that most share. */
export const pieceDefaults = {
  labelDropout: 0.1,
  optimizer: adamPreset,
  ema: { decay: 0.995 },
  batchSize: 16,
  seed: 0,
  checkpointEvery: 500,
  logEvery: 10,
  sampleEvery: 500,
  samples: { count: 20 },
} satisfies Partial<PieceRun>;

/** Draws a batch of examples. */
export interface PieceSampler {
  /** @param known images whose upper rows stay as they are */
  sample(options: {
    readonly key: Key;
    readonly labels?: Tensor;
    readonly known?: { readonly images: Tensor; readonly rows: number };
    readonly signal?: AbortSignal;
  }): Promise<Tensor>;
  dispose(): void;
}

/** A model of one of these families: what the others need not know of it. */
export interface PieceModel<S extends Settings = Settings> {
  readonly network: object;
  /** How many are drawn at once; a sample's numbers depend on it. */
  readonly atOnce: number;
  /** Into how many parts a training batch may be split, where it pays. */
  readonly shards?: number;
  /** What is done to images before they are learned. */
  readonly change?: Change | undefined;
  loss(images: Tensor, labels: Tensor | undefined, key: Key): Losses;
  /** Log-probabilities of a batch, or log-densities of points, in nats. */
  readonly likelihood?: {
    readonly of: string;
    readonly binWidth?: number;
    logProb(images: Tensor, labels?: Tensor): Tensor;
  };
  sampler(batch: number, settings: ValuesOf<S>): PieceSampler;
  /** What `gen export` writes. */
  readonly part?: Omit<ExportedPart, "weights">;
}

/** One for use. */
export interface TrainedPieces<S extends Settings = Settings> extends Trained {
  readonly model: PieceModel<S>;
  readonly examples: Examples;
  /** Of `atOnce` examples. */
  sampler(settings: ValuesOf<S>): PieceSampler;
  /** log p(x), and with labels log p(x | y). */
  readonly logProb: ((images: Tensor, labels?: Tensor) => Tensor) | undefined;
}

/** Levels of grey: two by chance, as the grey says; fewer than there are, the nearest; all as they are. */
export function toLevels(levels: number): Change | undefined {
  if (levels === 256) return undefined;
  if (levels === 2) {
    return (images, stepKey) => binarized(images, stepKey).map((bit) => 2 * bit - 1);
  }
  const half = (levels - 1) / 2;
  return (images) => images.map((x) => Math.round((x + 1) * half) / half - 1);
}

/** What likelihoods are of. */
export const imagesOf = (levels: number): string =>
  levels === 2 ? "binarised images" : `images of ${levels} levels`;

function trained<S extends Settings>(model: PieceModel<S>, examples: Examples): TrainedPieces<S> {
  const samplers = new Map<string, PieceSampler>();
  const { likelihood } = model;
  const logProb =
    likelihood && compile((x: Tensor, labels?: Tensor) => likelihood.logProb(x, labels));
  return {
    model,
    examples,
    logProb,
    parameters: parameterCount(model.network),
    sampler(settings) {
      const name = JSON.stringify(settings);
      const made = samplers.get(name) ?? model.sampler(model.atOnce, settings);
      samplers.set(name, made);
      return made;
    },
    dispose() {
      for (const sampler of samplers.values()) sampler.dispose();
      logProb?.dispose();
      disposeWeights(model.network);
    },
  };
}

/** Draws samples; equal keys give equal samples, however many. */
function drawSamples<S extends Settings>(
  pieces: TrainedPieces<S>,
  plan: SamplePlan<ValuesOf<S>>,
): Promise<Float32Array> {
  const { model, examples } = pieces;
  const sampler = pieces.sampler(plan.settings);
  return drawInBatches(plan, examples, model.atOnce, async ({ first, labels }) => {
    const drawn = await sampler.sample({
      key: foldIn(plan.key, first),
      ...(labels && { labels }),
      ...(plan.signal && { signal: plan.signal }),
    });
    try {
      return (await drawn.data()) as Float32Array;
    } finally {
      drawn.dispose();
    }
  });
}

/** log p of held-out examples. Where the model has labels, they are summed over: log of the mean of p(x | y). */
async function likelihoodOf(
  { model, examples, logProb }: TrainedPieces,
  heldOut: HeldOut,
  plan: Plan,
): Promise<LogLikelihoods> {
  const { of, binWidth } = model.likelihood!;
  // One draw of the binary images, the same for all models.
  const numbers = model.change?.(heldOut.numbers, key(0)) ?? heldOut.numbers;
  const { classes } = examples;
  const batch = examples.shape.length === 1 ? usualBatch(examples) : 50;
  const nats = await likelihoodInBatches(
    { ...heldOut, numbers },
    examples,
    batch,
    plan,
    async ({ images }) => {
      const given =
        classes > 0 ? Array.from({ length: classes }, (_, label) => label) : [undefined];
      const each: ArrayLike<number>[] = [];
      for (const label of given) {
        const labels = label === undefined ? undefined : fill([batch], label, "int32");
        const said = logProb!(images, labels);
        each.push(await said.data());
        dispose([said, labels ?? []]);
      }
      return Array.from({ length: batch }, (_, i) => logMeanExp(each.map((row) => row[i]!)));
    },
  );
  const kind = classes > 0 ? "exact, summed over labels" : "exact";
  return { kind, of, nats, ...(binWidth !== undefined && { binWidth }) };
}

function logMeanExp(values: readonly number[]): number {
  const top = Math.max(...values);
  const sum = values.reduce((s, value) => s + Math.exp(value - top), 0);
  return top + Math.log(sum / values.length);
}

const ROWS = 8;
const COMPLETIONS = 5;

/** Held-out images, one a row: whole, their upper half, and how the model goes on from there. */
async function completions<S extends Settings>(
  pieces: TrainedPieces<S>,
  settings: ValuesOf<S>,
  { dataset, key: sceneKey, signal }: Scene,
): Promise<Png> {
  const { model, examples } = pieces;
  const { heldOut } = (await dataset()) as ImageDataset;
  const [height, width, channels] = examples.shape as [number, number, number];
  const size = sizeOf(examples);
  const whole = normalized(heldOut);
  const rows = Math.min(ROWS, heldOut.count);
  const all = (model.change?.(whole, key(0)) ?? whole).subarray(0, rows * size);
  const upper = Math.floor(height / 2);
  const columns = 2 + COMPLETIONS;
  const pixels = new Uint8Array(rows * columns * size);
  const place = (row: number, column: number): number => (row * columns + column) * size;
  for (let row = 0; row < rows; row++) {
    const image = toPixels(all.subarray(row * size, (row + 1) * size));
    pixels.set(image, place(row, 0));
    pixels.set(image.fill(110, upper * width * channels), place(row, 1));
  }
  const wanted = Array.from({ length: rows * COMPLETIONS }, (_, i) => Math.floor(i / COMPLETIONS));
  const batch = model.atOnce;
  const sampler = pieces.sampler(settings);
  for (let first = 0; first < wanted.length; first += batch) {
    const here = Array.from({ length: batch }, (_, i) => wanted[first + i] ?? 0);
    const known = new Float32Array(batch * size);
    here.forEach((row, i) => known.set(all.subarray(row * size, (row + 1) * size), i * size));
    const images = tensor(known, [batch, ...examples.shape]);
    const labels =
      examples.classes > 0
        ? tensor(
            here.map((row) => heldOut.labels?.[row] ?? 0),
            [batch],
            "int32",
          )
        : undefined;
    try {
      const drawn = await sampler.sample({
        key: foldIn(sceneKey, first),
        known: { images, rows: upper },
        ...(labels && { labels }),
        ...(signal && { signal }),
      });
      const numbers = toPixels(await drawn.data());
      drawn.dispose();
      for (let i = 0; i < batch && first + i < wanted.length; i++) {
        const column = 2 + ((first + i) % COMPLETIONS);
        pixels.set(numbers.subarray(i * size, (i + 1) * size), place(here[i]!, column));
      }
    } finally {
      dispose([images, labels ?? []]);
    }
  }
  return imageGrid(
    { pixels, count: rows * columns, height, width, channels },
    { columns, scale: 2 },
  );
}

type Described<C extends PieceRun, S extends Settings> = Pick<
  Family<C, TrainedPieces<S>, S>,
  "task" | "about" | "examples" | "schema" | "presets" | "trials" | "alternatives"
> & {
  readonly settings: S;
  /** Whether the density is known. */
  readonly dense: boolean;
  /** Refuses data that it cannot learn. */
  build(config: C, examples: Examples): PieceModel<S>;
};

/** A family of models that make examples piece by piece. */
export function pieceFamily<C extends PieceRun, S extends Settings>({
  settings,
  dense,
  build,
  ...told
}: Described<C, S>): Family<C, TrainedPieces<S>, S> {
  const usual = (examples: Examples): ValuesOf<S> =>
    readSettings({ name: told.task, settings }, {}, examples, []);

  function create(config: C, dataset: Dataset): Training {
    const { examples } = dataset;
    const { classes } = examples;
    const model = build(config, examples);
    const learned = parameters(model.network);
    const ema = new Ema(learned, warmedUpDecay(config.ema.decay));
    const trainee = trainStep({
      parameters: state(model.network),
      loss: ({ images, labels }, stepKey) =>
        tidy(() => {
          const probability = config.labelDropout;
          const given =
            labels && dropLabels({ key: foldIn(stepKey, 0), labels, classes, probability });
          return model.loss(images as Tensor, given, foldIn(stepKey, 1));
        }),
      optimizer: createOptimizer(config),
      ema,
      shards: shardsOf(config.batchSize, model.shards ?? 1),
    });
    let average: TrainedPieces<S> | undefined;
    return {
      trainee,
      batch: exampleBatch(dataset, config, model.change ? { change: model.change } : {}),
      picture: {
        every: config.sampleEvery,
        draw() {
          const shown = (average ??= trained(build(config, examples), examples));
          ema.copyTo(parameters(shown.model.network));
          return growingSamples(config, dataset, config.samples.count, usual(examples), (plan) =>
            drawSamples(shown, plan),
          );
        },
      },
      dispose() {
        trainee.dispose();
        ema.dispose();
        average?.dispose();
        disposeWeights(model.network);
      },
    };
  }

  function load(config: C, examples: Examples, found: Found): TrainedPieces<S> {
    const model = build(config, examples);
    loadAverage(model.network, found);
    return trained(model, examples);
  }

  return {
    ...told,
    create,
    load,
    sampling: { settings, draw: drawSamples },
    ...(dense && { likelihood: likelihoodOf }),
    pictures: {
      completions: {
        about: "Upper halves of images that were not trained on, and how the model completes them",
        applies: (_, { shape }) => shape.length === 3,
        draw: (pieces, scene) => completions(pieces, usual(pieces.examples), scene),
      },
    },
    ...(dense && {
      parts: {
        network: {
          build: ({ model }) => ({ ...model.part!, weights: state(model.network) }),
        },
      },
    }),
  };
}
