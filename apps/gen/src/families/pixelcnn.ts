import * as v from "valibot";
import {
  GatedPixelCNN,
  levelsOutput,
  mixtureOutput,
  PixelCNNPlusPlus,
  pixelLogProb,
  pixelLoss,
  type PixelModel,
  pixelSampler,
} from "@gen/autoregressive";
import { foldIn, key, type Tensor } from "@gen/tensor";
import { count } from "../config.ts";
import type { Examples } from "../examples.ts";
import { exampleInput, labelInputs, labelNames } from "../export-inputs.ts";
import { misuse } from "../failure.ts";
import { dataPresets, fewImages } from "../preset-parts.ts";
import { guidanceSetting, type Settings, type ValuesOf } from "../settings.ts";
import {
  imagesOf,
  pieceDefaults,
  pieceFamily,
  type PieceModel,
  pieceSettings,
  toLevels,
} from "./pieces.ts";

// Two families of masked or shifted convolutions, which draw pixel by pixel.

function expectImages(task: string, { shape }: Examples): [number, number, number] {
  if (shape.length === 3) return shape as [number, number, number];
  throw misuse(
    `gen train ${task} is for images; take a preset of images, or gen train pixelformer for points.`,
  );
}

/** A network of pixels as a model. */
function pixelModel<S extends Settings>(
  network: PixelModel,
  examples: Examples,
  levels: number,
  guidanceOf: (settings: ValuesOf<S>) => number,
): PieceModel<S> {
  const [height, width] = examples.shape as [number, number, number];
  return {
    network,
    // By rows it is quick; a pass of the whole network for each pixel is not.
    atOnce: "along" in network ? 40 : 8,
    change: toLevels(levels),
    loss: (images, labels) => pixelLoss({ model: network, images, labels }),
    likelihood: {
      of: imagesOf(levels),
      binWidth: 1,
      logProb: (images, labels) => pixelLogProb({ model: network, images, labels }),
    },
    sampler(batch, settings) {
      const scale = guidanceOf(settings);
      const sampler = pixelSampler({ model: network, height, width, batch, guidance: { scale } });
      return {
        sample: ({ known, ...options }) =>
          sampler.sample({
            ...options,
            ...(known && {
              known: { images: known.images, pixel: (row: number) => row < known.rows },
            }),
          }),
        dispose: () => sampler.dispose(),
      };
    },
    part: {
      fn: (images, labels) => network.forward(images as Tensor, labels),
      inputs: (batch) => [exampleInput(examples, batch), ...labelInputs(examples, batch)],
      names: { inputs: ["images", ...labelNames(examples)], outputs: ["parameters"] },
      metadata: { output: network.output.name, levels: String(levels) },
    },
  };
}

const gatedSchema = v.strictObject({
  task: v.literal("pixelcnn"),
  ...pieceSettings,
  model: v.strictObject({ features: count, depth: count, levels: count }),
});

type GatedConfig = v.InferOutput<typeof gatedSchema>;

const gatedGlyphs = {
  task: "pixelcnn",
  preset: "glyphs",
  ...pieceDefaults,
  data: dataPresets.glyphs,
  model: { features: 32, depth: 7, levels: 2 },
  optimizer: { ...pieceDefaults.optimizer, learningRate: 2e-3, warmup: 50 },
  steps: 1000,
} satisfies GatedConfig;

const gatedSettings = {
  guidanceScale: guidanceSetting("Strength of classifier-free guidance of the logits", 1),
};

/** Masked convolutions in two stacks, without a blind spot. */
export const pixelcnn = pieceFamily<GatedConfig, typeof gatedSettings>({
  task: "pixelcnn",
  about: "Train a gated PixelCNN: an exact likelihood of images, drawn pixel by pixel.",
  examples: [
    "gen train pixelcnn --preset glyphs",
    "gen train pixelcnn --preset mnist --data ../shared/data --out runs/pixelcnn",
    "gen train pixelcnn --preset mnist --set model.levels=4",
  ],
  schema: gatedSchema,
  presets: {
    glyphs: gatedGlyphs,
    mnist: {
      ...gatedGlyphs,
      preset: "mnist",
      data: dataPresets.mnist,
      // Deep enough to see 14 pixels away, half an image.
      model: { ...gatedGlyphs.model, depth: 12 },
      steps: 4000,
    },
  },
  trials: [
    {
      preset: "glyphs",
      set: [...fewImages, "samples.count=3", "model.features=4", "model.depth=1"],
    },
  ],
  settings: gatedSettings,
  dense: true,
  build({ seed, model: { levels, ...sizes } }, examples) {
    const [, , channels] = expectImages("pixelcnn", examples);
    const output = levelsOutput({ channels, levels });
    const { classes } = examples;
    const network = new GatedPixelCNN(foldIn(key(seed), 0), { output, ...sizes, classes });
    return pixelModel(network, examples, levels, ({ guidanceScale }) => guidanceScale);
  },
});

const plusPlusSchema = v.strictObject({
  task: v.literal("pixelcnn-pp"),
  ...pieceSettings,
  model: v.strictObject({ features: count, blocks: count, halvings: count, components: count }),
});

type PlusPlusConfig = v.InferOutput<typeof plusPlusSchema>;

const plusPlusGlyphs = {
  task: "pixelcnn-pp",
  preset: "glyphs",
  ...pieceDefaults,
  data: dataPresets.glyphs,
  model: { features: 24, blocks: 2, halvings: 2, components: 5 },
  optimizer: { ...pieceDefaults.optimizer, learningRate: 2e-3, warmup: 50 },
  steps: 1000,
  // Each is a pass of the whole network for each pixel.
  sampleEvery: 1000,
  samples: { count: 8 },
} satisfies PlusPlusConfig;

/** Shifted convolutions at several resolutions, and mixtures of logistics. */
export const pixelcnnPlusPlus = pieceFamily<PlusPlusConfig, Record<never, never>>({
  task: "pixelcnn-pp",
  about: "Train PixelCNN++: an exact likelihood of images of 256 levels.",
  examples: [
    "gen train pixelcnn-pp --preset glyphs",
    "gen train pixelcnn-pp --preset mnist --data ../shared/data --out runs/pixelcnn-pp",
  ],
  schema: plusPlusSchema,
  presets: {
    glyphs: plusPlusGlyphs,
    mnist: { ...plusPlusGlyphs, preset: "mnist", data: dataPresets.mnist, steps: 3000 },
    cifar10: {
      ...plusPlusGlyphs,
      preset: "cifar10",
      data: dataPresets.cifar10,
      model: { features: 64, blocks: 3, halvings: 2, components: 10 },
      optimizer: { ...pieceDefaults.optimizer, learningRate: 1e-3 },
      steps: 50_000,
    },
  },
  trials: [
    {
      preset: "glyphs",
      set: [
        "data.training=20",
        "data.heldOut=2",
        "batchSize=4",
        "samples.count=3",
        "model.features=4",
        "model.blocks=1",
        "model.halvings=1",
        "model.components=2",
      ],
    },
  ],
  settings: {},
  dense: true,
  build({ seed, model: { components, ...sizes } }, examples) {
    const [height, width, channels] = expectImages("pixelcnn-pp", examples);
    const multiple = 2 ** sizes.halvings;
    if ((channels !== 1 && channels !== 3) || height % multiple !== 0 || width % multiple !== 0) {
      throw misuse(
        `gen train pixelcnn-pp needs images of 1 or 3 channels with sides that ${multiple} divides, got ` +
          `${examples.shape.join("×")}; try another model.halvings.`,
      );
    }
    const output = mixtureOutput({ channels, components });
    const { classes } = examples;
    const network = new PixelCNNPlusPlus(foldIn(key(seed), 0), { output, ...sizes, classes });
    return pixelModel(network, examples, 256, () => 1);
  },
});
