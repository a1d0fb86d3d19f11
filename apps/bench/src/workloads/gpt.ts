import {
  autoregressiveLoss,
  CausalTransformer,
  type CausalTransformerConfig,
  tokenSampler,
} from "@gen/autoregressive";
import { foldIn, gumbelArray, key, type Tensor } from "@gen/tensor";
import { floats, integers } from "../shared-tensors.ts";
import { stepKey } from "../shared-inputs.ts";
import { type Optimization, training } from "../training.ts";
import type { Workload } from "../workload.ts";

const batch = 8;
const config = { vocabulary: 256, maxTokens: 784, width: 256, depth: 6, heads: 8 };
const optimization: Optimization = { optimizer: "adamw", learningRate: 1e-4 };

/** A training step of a transformer over the pixels of 28 × 28 images. */
export const gptTrain: Workload = {
  name: "gpt-train",
  twin: { kind: "TokenTraining", config, ...optimization },
  images: false,
  checks: 3,
  counted: true,
  flopTolerance: 0.05, // of what the causal mask hides, each side leaves out blocks of its own size
  inputs: () => ({ tokens: integers(key(3), [batch, config.maxTokens], config.vocabulary) }),
  draws: () => ({}),
  create: (k) => {
    const model = new CausalTransformer(k, config);
    return {
      model,
      begin: (inputs) =>
        training(
          model,
          ({ tokens }) => autoregressiveLoss({ model, tokens: tokens as Tensor }),
          optimization,
          inputs,
          { shards: 4 },
        ),
    };
  },
};

/** Of so many first tokens the check is made: from one that rounding has changed, all others follow. */
const checkedTokens = 64;

/** Drawing a batch of sequences token by token, with a cache of keys and values. */
function tokenSampling(
  name: string,
  config: CausalTransformerConfig,
  { batch, shards }: { batch: number; shards: number },
): Workload {
  return {
    name,
    twin: { kind: "TokenSampling", config, batch, checkedTokens },
    images: false,
    checks: 1,
    counted: false, // our attention to a cache is an operation of its own, which says nothing of its products
    inputs: () => ({}),
    draws: (k) => {
      const size = batch * config.vocabulary;
      const gumbels = new Float32Array(checkedTokens * size);
      for (let i = 0; i < checkedTokens; i++)
        gumbels.set(gumbelArray(foldIn(k, i), size), i * size);
      return { gumbels: floats(gumbels, [checkedTokens, batch, config.vocabulary]) };
    },
    create: (k) => {
      const model = new CausalTransformer(k, config);
      return {
        model,
        begin: () => {
          const sampler = tokenSampler({ model, batch, shards });
          return async (step) => {
            const drawn = await sampler.sample({ key: stepKey(step) });
            const tokens = await drawn.data();
            drawn.dispose();
            const first = Array.from(tokens).filter((_, i) => i % config.maxTokens < checkedTokens);
            const mean = (values: number[]): number =>
              values.reduce((sum, v) => sum + v, 0) / values.length;
            return [mean(first), mean(first.map((v, i) => v * ((i % 7) + 1)))];
          };
        },
      };
    },
  };
}

/** Eight images, pixel by pixel. */
export const gptSample: Workload = tokenSampling("gpt-sample", config, { batch, shards: 1 });

/** 64 digits, tile by tile: the network of `gen train pixelformer --preset mnist`. */
export const digitsSample: Workload = tokenSampling(
  "digits-sample",
  { vocabulary: 16, maxTokens: 196, width: 96, depth: 4, heads: 2 },
  { batch: 64, shards: 4 },
);
