import * as v from "valibot";
import {
  commonSettings,
  count,
  counter,
  fraction,
  nonNegative,
  type OptimizerConfig,
  optimizerSchema,
  type RunConfig,
  word,
} from "../config.ts";

// Of what the runs of two players are made. Their tasks differ in what they choose of it.

/** Latents, and the channels next to the image of either player. */
const images = { latents: count, generatorChannels: count, discriminatorChannels: count };

export const pointPlayers = v.strictObject({
  kind: v.literal("points"),
  latents: count,
  width: count,
  depth: count,
});
export const dcganPlayers = v.strictObject({
  kind: v.literal("dcgan"),
  ...images,
  /** Of the discriminator: gradient penalties need "none". */
  norm: word("batch", "none"),
  /** How the discriminator uses the labels. */
  condition: word("channels", "projection"),
});
export const resnetPlayers = v.strictObject({
  kind: v.literal("resnet"),
  ...images,
  /** How the discriminator uses the labels: "classifier" is ACGAN's. */
  head: word("projection", "classifier"),
});
export const r3ganPlayers = v.strictObject({ kind: v.literal("r3gan"), ...images, blocks: count });
export const stylePlayers = v.strictObject({
  kind: v.literal("stylegan"),
  ...images,
  mapping: count,
  /** "weights": StyleGAN2's modulated convolutions; "adain": StyleGAN's norms. */
  styles: word("weights", "adain"),
  mixing: v.pipe(nonNegative, v.maxValue(1, "must be at most 1")),
});

const players = [pointPlayers, dcganPlayers, resnetPlayers, r3ganPlayers, stylePlayers] as const;
export type PlayersConfig = v.InferOutput<(typeof players)[number]>;

/** What all tasks of two players have beside the players. */
export const gameSettings = {
  ...commonSettings,
  game: v.strictObject({
    loss: word(
      "minimax",
      "non-saturating",
      "least-squares",
      "hinge",
      "wasserstein",
      "relativistic",
    ),
    /** Updates of the discriminator for one of the generator, each on a batch of its own. */
    criticSteps: count,
    augmentation: word("none", "differentiable", "adaptive"),
  }),
  /** The strength of each; 0 is without. */
  regularizers: v.strictObject({
    gradientPenalty: nonNegative,
    dragan: nonNegative,
    r1: nonNegative,
    r2: nonNegative,
    weightClipping: nonNegative,
    consistency: nonNegative,
    pathLength: nonNegative,
    /** r1, r2 and pathLength take part in every so many steps, as many times as strong. */
    every: count,
  }),
  generatorOptimizer: optimizerSchema,
  discriminatorOptimizer: optimizerSchema,
  ema: v.strictObject({ decay: fraction }),
  sampleEvery: count,
  samples: v.strictObject({ count: counter }),
};

const game = v.strictObject(gameSettings);

/** A run of two players, whatever its task. */
export type GANConfig = RunConfig & v.InferOutput<typeof game> & { model: PlayersConfig };

/** None. */
export const noRegularizers: GANConfig["regularizers"] = {
  gradientPenalty: 0,
  dragan: 0,
  r1: 0,
  r2: 0,
  weightClipping: 0,
  consistency: 0,
  pathLength: 0,
  every: 1,
};

/** Adam without momentum, as gradient penalties like it. */
export const steadyAdam: OptimizerConfig = {
  learningRate: 5e-4,
  warmup: 0,
  schedule: "cosine",
  beta1: 0,
  beta2: 0.99,
  weightDecay: 0,
  clipNorm: 1000,
};

/** Both players alike. */
export function bothPlayers(
  optimizer: OptimizerConfig,
): Pick<GANConfig, "generatorOptimizer" | "discriminatorOptimizer"> {
  return { generatorOptimizer: optimizer, discriminatorOptimizer: optimizer };
}
