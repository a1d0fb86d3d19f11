import * as v from "valibot";
import { autoregressiveLoss, CausalTransformer, tokenSampler } from "@gen/autoregressive";
import { patchify, unpatchify } from "@gen/nn";
import { categoricalDistribution } from "@gen/probability";
import {
  add,
  cast,
  clipByValue,
  floor,
  foldIn,
  type Key,
  key,
  mod,
  mul,
  reshape,
  round,
  slice,
  sub,
  sum,
  type Tensor,
  tensor,
  tidy,
  uniform,
  zeros,
} from "@gen/tensor";
import { count, positive } from "../config.ts";
import type { Examples } from "../examples.ts";
import { labelInputs, labelNames } from "../export-inputs.ts";
import { misuse } from "../failure.ts";
import { dataPresets, fewImages, pointPresets } from "../preset-parts.ts";
import { guidanceSetting, numberSetting, wholeSetting } from "../settings.ts";
import { usualBatch } from "../sample-batches.ts";
import { drawnShards } from "../shards.ts";
import {
  imagesOf,
  pieceDefaults,
  pieceFamily,
  type PieceModel,
  pieceSettings,
  toLevels,
} from "./pieces.ts";

const sizes = { width: count, depth: count, heads: count };
const tilesSchema = v.strictObject({
  kind: v.literal("tiles"),
  /** The side of a tile, which is one token. */
  tile: count,
  levels: count,
  ...sizes,
});
const binsSchema = v.strictObject({
  kind: v.literal("bins"),
  /** Each coordinate is one token: which of so many equal parts of [-extent, extent]. */
  bins: count,
  extent: positive,
  ...sizes,
});

const schema = v.strictObject({
  task: v.literal("pixelformer"),
  ...pieceSettings,
  model: v.variant("kind", [tilesSchema, binsSchema], "must be tiles or bins"),
});

type PixelformerConfig = v.InferOutput<typeof schema>;
type Model<Kind> = PixelformerConfig["model"] & { kind: Kind };

/** Examples as tokens, and back. */
interface Tokens {
  readonly vocabulary: number;
  readonly count: number;
  of(examples: Tensor): Tensor;
  /** Where a token stands for many values, one of them by chance. */
  back(tokens: Tensor, key: Key): Tensor;
}

const MOST = 2 ** 16;

/** Tiles of an image, row by row; the levels of its numbers are the digits of one number. */
function tilesOf({ tile, levels }: Model<"tiles">, { shape }: Examples): Tokens {
  const [height, width, channels] = shape as [number, number, number];
  const digits = tile * tile * channels;
  const vocabulary = levels ** digits;
  if (shape.length !== 3 || height % tile !== 0 || width % tile !== 0 || vocabulary > MOST) {
    throw misuse(
      `model.tile ${tile} of model.levels ${levels} must divide images and have at most ${MOST} values, got ` +
        `${vocabulary} for ${shape.join("×")}; take smaller tiles or fewer levels, or model.kind=bins for points.`,
    );
  }
  const powers = (): Tensor => tensor(Array.from({ length: digits }, (_, i) => levels ** i));
  const half = (levels - 1) / 2;
  return {
    vocabulary,
    count: (height * width) / tile ** 2,
    of: (images) =>
      tidy(() => {
        const numbers = round(mul(add(patchify(images, tile), 1), half));
        return cast(sum(mul(numbers, powers()), -1), "int32");
      }),
    back: (tokens) =>
      tidy(() => {
        const [batch, n] = tokens.shape as [number, number];
        const whole = reshape(cast(tokens, "float32"), [batch, n, 1]);
        const numbers = mod(floor(mul(whole, tensor(inverses(digits, levels)))), levels);
        return unpatchify(sub(mul(numbers, 1 / half), 1), tile, [height, width]);
      }),
  };
}

/** 1 / levels^i, a little more, so that rounding does not lose a whole number. */
function inverses(digits: number, levels: number): number[] {
  return Array.from({ length: digits }, (_, i) => (1 + 1e-6) / levels ** i);
}

/** Coordinates, each as the number of its bin. */
function binsOf({ bins, extent }: Model<"bins">, { shape }: Examples): Tokens {
  if (shape.length !== 1) {
    throw misuse(`model.kind bins is for points, got images of ${shape.join("×")}.`);
  }
  const width = (2 * extent) / bins;
  return {
    vocabulary: bins,
    count: shape[0] as number,
    of: (points) =>
      tidy(() => {
        const places = floor(mul(add(points, extent), 1 / width));
        return cast(clipByValue(places, 0, bins - 1), "int32");
      }),
    back: (tokens, chance) =>
      tidy(() => {
        const within = add(cast(tokens, "float32"), uniform(chance, tokens.shape));
        return sub(mul(within, width), extent);
      }),
  };
}

const settings = {
  temperature: numberSetting("Below 1 likelier tokens, above 1 more variety", {
    low: 1e-3,
    high: 100,
    fallback: 1,
  }),
  topK: wholeSetting("Only the likeliest so many tokens; 0 for all", { low: 0, fallback: 0 }),
  topP: numberSetting("Only the likeliest tokens that have this probability together", {
    low: 1e-3,
    high: 1,
    fallback: 1,
  }),
  guidanceScale: guidanceSetting("Strength of classifier-free guidance of the logits", 1),
};

function build(
  { seed, model }: PixelformerConfig,
  examples: Examples,
): PieceModel<typeof settings> {
  const binned = model.kind === "bins";
  const tokens = binned ? binsOf(model, examples) : tilesOf(model, examples);
  const { width, depth, heads } = model;
  const { classes } = examples;
  const network = new CausalTransformer(foldIn(key(seed), 0), {
    vocabulary: tokens.vocabulary,
    maxTokens: tokens.count,
    width,
    depth,
    heads,
    classes,
  });
  // A density is a probability over the area of a bin.
  const area = binned ? 2 * Math.log((2 * model.extent) / model.bins) : 0;
  return {
    network,
    atOnce: binned ? usualBatch(examples) : 40,
    shards: binned ? 1 : 4, // points are too few to pay
    change: binned ? undefined : toLevels(model.levels),
    loss(images, labels) {
      const { loss, bitsPerToken } = autoregressiveLoss({
        model: network,
        tokens: tokens.of(images),
        labels,
      });
      return { loss: mul(loss, tokens.count), bitsPerToken };
    },
    likelihood: {
      of: binned ? "points" : imagesOf(model.levels),
      ...(!binned && { binWidth: 1 }),
      logProb: (images, labels) =>
        tidy(() => {
          const given = tokens.of(images);
          const each = categoricalDistribution(network.forward(given, labels)).logProb(given);
          return sub(sum(each, -1), area);
        }),
    },
    sampler(batch, { temperature, topK, topP, guidanceScale }) {
      const sampler = tokenSampler({
        model: network,
        batch,
        shards: drawnShards(batch),
        temperature,
        topP,
        ...(topK > 0 && { topK }),
        guidance: { scale: guidanceScale },
      });
      return {
        async sample({ key: sampleKey, known, ...options }) {
          const [height] = examples.shape as [number];
          // Whole rows of tiles.
          const rows = known && !binned ? Math.floor(known.rows / model.tile) : 0;
          const perRow = binned ? 0 : (tokens.count * model.tile) / height;
          const prompt =
            known && rows > 0
              ? tidy(() => slice(tokens.of(known.images), [0, 0], [batch, rows * perRow]))
              : undefined;
          try {
            const drawn = await sampler.sample({
              ...options,
              key: foldIn(sampleKey, 0),
              ...(prompt && { prompt }),
            });
            const back = tokens.back(drawn, foldIn(sampleKey, 1));
            drawn.dispose();
            return back;
          } finally {
            prompt?.dispose();
          }
        },
        dispose: () => sampler.dispose(),
      };
    },
    part: {
      fn: (x, labels) => network.forward(x as Tensor, labels),
      inputs: (batch) => [zeros([batch, tokens.count], "int32"), ...labelInputs(examples, batch)],
      names: { inputs: ["tokens", ...labelNames(examples)], outputs: ["logits"] },
      metadata: { vocabulary: String(tokens.vocabulary) },
    },
  };
}

const models = {
  tiles: { kind: "tiles", tile: 2, levels: 2, width: 96, depth: 4, heads: 2 },
  bins: { kind: "bins", bins: 96, extent: 4.5, width: 64, depth: 2, heads: 2 },
} satisfies { [Kind in PixelformerConfig["model"]["kind"]]: Model<Kind> };

const glyphs = {
  task: "pixelformer",
  preset: "glyphs",
  ...pieceDefaults,
  data: dataPresets.glyphs,
  model: models.tiles,
  optimizer: { ...pieceDefaults.optimizer, learningRate: 2e-3 },
  steps: 1500,
} satisfies PixelformerConfig;

/** A transformer over tiles of images, or over coordinates. */
export const pixelformer = pieceFamily<PixelformerConfig, typeof settings>({
  task: "pixelformer",
  about: "Train a causal transformer over tiles of pixels, or over coordinates of points.",
  examples: [
    "gen train pixelformer --preset glyphs",
    "gen train pixelformer --preset mnist --data ../shared/data --out runs/pixelformer",
    "gen train pixelformer --preset points-8gaussians",
    "gen train pixelformer --preset mnist --set model.tile=1 --set model.levels=16",
  ],
  schema,
  presets: {
    glyphs,
    mnist: { ...glyphs, preset: "mnist", data: dataPresets.mnist, steps: 4000 },
    ...Object.fromEntries(
      Object.entries(
        pointPresets<PixelformerConfig>({
          ...glyphs,
          model: models.bins,
          labelDropout: 0,
          optimizer: { ...glyphs.optimizer, learningRate: 3e-3 },
          batchSize: 1000,
          steps: 1000,
          sampleEvery: 500,
          samples: { count: 2000 },
        }),
      ).map(([name, preset]) => [
        name,
        // Points cost nothing, and no density of so many is overfitted.
        { ...preset, data: { ...preset.data, training: 200_000 } as typeof preset.data },
      ]),
    ),
  },
  trials: [
    {
      preset: "glyphs",
      set: [...fewImages, "samples.count=3", "model.width=8", "model.depth=1", "model.heads=2"],
    },
    {
      preset: "points-moons",
      set: [
        "data.training=100",
        "model.width=8",
        "model.depth=1",
        "model.bins=8",
        "batchSize=16",
        "samples.count=20",
      ],
    },
  ],
  alternatives: { "model.kind": models },
  settings,
  dense: true,
  build,
});
