import * as v from "valibot";
import { MAR, marLoss, marSampler } from "@gen/autoregressive";
import { patchify, unpatchify } from "@gen/nn";
import { uniformTimes } from "@gen/schedules";
import { foldIn, key, tidy } from "@gen/tensor";
import { count } from "../config.ts";
import { misuse } from "../failure.ts";
import { adamPreset, dataPresets, fewImages } from "../preset-parts.ts";
import { guidanceSetting, numberSetting, wholeSetting } from "../settings.ts";
import { pieceDefaults, pieceFamily, pieceSettings } from "./pieces.ts";

const schema = v.strictObject({
  task: v.literal("mar"),
  ...pieceSettings,
  model: v.strictObject({
    patch: count,
    width: count,
    depth: count,
    heads: count,
    head: v.strictObject({ width: count, depth: count }),
  }),
});

type MARRun = v.InferOutput<typeof schema>;

const settings = {
  steps: wholeSetting("In how many steps all patches become known", { low: 1, fallback: 16 }),
  diffusionSteps: wholeSetting("Steps of the diffusion head", { low: 1, fallback: 50 }),
  temperature: numberSetting("Of the head's noise; below 1 less variety", {
    low: 0,
    high: 100,
    fallback: 1,
  }),
  guidanceScale: guidanceSetting("Strength of classifier-free guidance of the head", 1.5),
};

const glyphs = {
  task: "mar",
  preset: "glyphs",
  ...pieceDefaults,
  data: dataPresets.glyphs,
  model: { patch: 7, width: 128, depth: 4, heads: 4, head: { width: 192, depth: 3 } },
  optimizer: { ...adamPreset, learningRate: 2e-3 },
  ema: { decay: 0.998 },
  batchSize: 64,
  steps: 2000,
} satisfies MARRun;

/** Patches in any order, some at a time, drawn by diffusion. */
export const mar = pieceFamily<MARRun, typeof settings>({
  task: "mar",
  about: "Train masked generation with a diffusion head: patches of images in any order.",
  examples: [
    "gen train mar --preset glyphs",
    "gen train mar --preset mnist --data ../shared/data --out runs/mar",
  ],
  schema,
  presets: {
    glyphs,
    mnist: { ...glyphs, preset: "mnist", data: dataPresets.mnist, steps: 4000 },
  },
  trials: [
    {
      preset: "glyphs",
      set: [
        ...fewImages,
        "samples.count=3",
        "model.patch=14",
        "model.width=8",
        "model.depth=1",
        "model.heads=2",
        "model.head.width=8",
        "model.head.depth=1",
      ],
    },
  ],
  settings,
  dense: false,
  build({ seed, model: { patch, ...sizes } }, { shape, classes }) {
    const [height, width, channels] = shape as [number, number, number];
    if (shape.length !== 3 || height % patch !== 0 || width % patch !== 0) {
      throw misuse(
        `gen train mar is for images whose sides model.patch divides, got ${shape.join("×")} and ${patch}.`,
      );
    }
    const tokens = (height * width) / patch ** 2;
    const features = patch ** 2 * channels;
    const network = new MAR(foldIn(key(seed), 0), { ...sizes, tokens, features, classes });
    return {
      network,
      atOnce: 40,
      loss: (images, labels, stepKey) =>
        marLoss({
          model: network,
          tokens: patchify(images, patch),
          labels,
          key: stepKey,
          // Each number of unknown patches as often: as if they were drawn one at a time.
          unknown: uniformTimes,
        }),
      sampler(batch, { steps, diffusionSteps, temperature, guidanceScale }) {
        const sampler = marSampler({
          model: network,
          batch,
          steps: Math.min(steps, tokens),
          diffusionSteps,
          temperature,
          guidance: { scale: guidanceScale },
        });
        return {
          async sample({ known, ...options }) {
            const given = known && patchify(known.images, patch);
            const rows = Math.floor((known?.rows ?? 0) / patch);
            const place = (index: number): boolean => index < (rows * width) / patch;
            try {
              const drawn = await sampler.sample({
                ...options,
                ...(given && { known: { tokens: given, place } }),
              });
              const images = tidy(() => unpatchify(drawn, patch, [height, width]));
              drawn.dispose();
              return images;
            } finally {
              given?.dispose();
            }
          },
          dispose: () => sampler.dispose(),
        };
      },
    };
  },
});
