import {
  categorical,
  compile,
  concat,
  dispose,
  foldIn,
  type Key,
  settle,
  slice,
  squeeze,
  stack,
  type Tensor,
  tensor,
  tidy,
} from "@gen/tensor";
import type { CausalTransformer } from "./causal-transformer.ts";
import { filterLogits, type SamplingOptions } from "./filter-logits.ts";
import { type Guidance, guidanceScale, guided } from "./guidance.ts";
import { KeyValueCache } from "./key-value-cache.ts";

export interface TokenSamplerOptions extends SamplingOptions {
  /** Stays the caller's; its weights are read as they are at every call. */
  readonly model: CausalTransformer;
  /** How many sequences are made at once. */
  readonly batch: number;
  /** Of the logits, before temperature, top-k and top-p. Twice the work. */
  readonly guidance?: Guidance;
}

export interface TokenSampleOptions {
  /** Everything random follows from it: token i is drawn with `foldIn(key, i)`. */
  readonly key: Key;
  /** How many tokens a sequence has; `maxTokens` of the model by default. */
  readonly tokens?: number;
  /** int32 [batch, up to tokens]: how the sequences begin. */
  readonly prompt?: Tensor;
  /** int32 [batch], for a model with classes. */
  readonly labels?: Tensor;
  readonly signal?: AbortSignal;
}

/** Draws sequences from a transformer, one token after the other. */
export interface TokenSampler {
  /** @returns int32 [batch, tokens]; the caller disposes of it */
  sample(options: TokenSampleOptions): Promise<Tensor>;
  /** Frees the cache and what was compiled; the model stays. */
  dispose(): void;
}

/**
 * A sampler with a cache of keys and values: each token costs one pass of one token. The pass, the choice and the
 * cache's update are one compiled graph for all positions. One `sample` at a time.
 */
export function tokenSampler({
  model,
  batch,
  guidance,
  ...choice
}: TokenSamplerOptions): TokenSampler {
  const scale = guidanceScale("tokenSampler", guidance, model.classes);
  const twice = scale !== 1;
  // With guidance, the second half of the cache's batch knows no labels.
  const cache = new KeyValueCache(model.config, twice ? 2 * batch : batch);
  const next = compile(
    (token: Tensor, position: Tensor, key: Key) =>
      tidy(() => {
        const logits = model.step(token, position, cache);
        return categorical(key, filterLogits(twice ? guided(logits, scale) : logits, choice));
      }),
    { name: "tokenSampler", fixedWeights: true },
  );
  return {
    async sample({ key, tokens = model.config.maxTokens, prompt, labels, signal }) {
      if (!Number.isInteger(tokens) || tokens < 1 || tokens > model.config.maxTokens) {
        throw new Error(
          `tokenSampler: tokens must be an integer from 1 to ${model.config.maxTokens}, got ${tokens}`,
        );
      }
      const given = prompt?.shape[1] ?? 0;
      if (prompt && (prompt.shape[0] !== batch || given > tokens)) {
        throw new Error(
          `tokenSampler: prompt must be [${batch}, up to ${tokens}], got [${prompt.shape.join(", ")}]`,
        );
      }
      if (twice && !labels) {
        throw new Error("tokenSampler: labels must be given where there is guidance, got none");
      }
      const chosen: Tensor[] = [];
      let fed = tidy(() => {
        const start = model.start(batch, labels);
        return twice ? concat([start, model.start(batch)]) : start;
      });
      try {
        for (let i = 0; i < tokens; i++) {
          signal?.throwIfAborted();
          const position = tensor(i, [], "int32");
          const drawn = next(fed, position, foldIn(key, i));
          dispose([fed, position]);
          const token =
            i < given
              ? tidy(() => squeeze(slice(prompt as Tensor, [0, i], [batch, 1]), [1]))
              : drawn;
          if (token !== drawn) drawn.dispose();
          chosen.push(token);
          fed = twice ? concat([token, token]) : token.clone();
          await settle(fed);
        }
        return tidy(() => stack(chosen, 1));
      } finally {
        dispose([chosen, fed]);
      }
    },
    dispose() {
      next.dispose();
      cache.dispose();
    },
  };
}
