import {
  add,
  categorical,
  compile,
  concat,
  dispose,
  foldIn,
  type Key,
  mul,
  settle,
  slice,
  splitTensor,
  squeeze,
  stack,
  sub,
  type Tensor,
  tensor,
  tidy,
} from "@gen/tensor";
import type { CausalTransformer } from "./causal-transformer.ts";
import { filterLogits, type SamplingOptions } from "./filter-logits.ts";
import { KeyValueCache, type Past } from "./key-value-cache.ts";

export interface TokenSamplerOptions extends SamplingOptions {
  /** Stays the caller's; its weights are read as they are at every call. */
  readonly model: CausalTransformer;
  /** How many sequences are made at once. */
  readonly batch: number;
  /**
   * Classifier-free guidance (Ho and Salimans 2022, arXiv:2207.12598) of a model trained with `dropLabels`: logits are
   * ℓ(none) + scale·(ℓ(label) − ℓ(none)) before temperature, top-k and top-p. 1 is none. Twice the work.
   */
  readonly guidance?: { readonly scale: number };
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
 * cache's update are one compiled graph for all positions of a segment of the cache. One `sample` at a time.
 */
export function tokenSampler({
  model,
  batch,
  guidance,
  ...choice
}: TokenSamplerOptions): TokenSampler {
  const scale = guidance?.scale ?? 1;
  if (!Number.isFinite(scale) || (scale !== 1 && model.classes === 0)) {
    throw new Error(
      `tokenSampler: guidance needs a finite scale and a model with classes, got ${scale} and ${model.classes} classes`,
    );
  }
  const guided = scale !== 1;
  // With guidance, the second half of the cache's batch knows no labels.
  const cache = new KeyValueCache(model.config, guided ? 2 * batch : batch);
  const joined = (logits: Tensor): Tensor => {
    if (!guided) return logits;
    const [labelled, none] = splitTensor(logits, 2) as [Tensor, Tensor];
    return add(none, mul(sub(labelled, none), scale));
  };
  const next = compile(
    (token: Tensor, position: Tensor, past: readonly Past[], key: Key) =>
      tidy(() =>
        categorical(key, filterLogits(joined(model.step(token, position, cache, past)), choice)),
      ),
    { name: "tokenSampler" },
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
      if (guided && !labels) {
        throw new Error("tokenSampler: labels must be given where there is guidance, got none");
      }
      const chosen: Tensor[] = [];
      let fed = tidy(() => {
        const start = model.start(batch, labels);
        return guided ? concat([start, model.start(batch)]) : start;
      });
      try {
        for (let i = 0; i < tokens; i++) {
          signal?.throwIfAborted();
          const position = tensor(i, [], "int32");
          const drawn = next(fed, position, cache.past, foldIn(key, i));
          cache.advance();
          dispose([fed, position]);
          const token =
            i < given
              ? tidy(() => squeeze(slice(prompt as Tensor, [0, i], [batch, 1]), [1]))
              : drawn;
          if (token !== drawn) drawn.dispose();
          chosen.push(token);
          fed = guided ? concat([token, token]) : token.clone();
          await settle(fed);
        }
        return tidy(() => stack(chosen, 1));
      } finally {
        cache.clear();
        dispose([chosen, fed]);
      }
    },
    dispose() {
      next.dispose();
      cache.dispose();
    },
  };
}
