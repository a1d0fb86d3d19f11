import {
  add,
  argMax,
  compileScan,
  concat,
  dispose,
  expandDims,
  foldIn,
  gumbelArray,
  type Key,
  parallel,
  range,
  settle,
  slice,
  squeeze,
  type Tensor,
  tensor,
  tidy,
  transpose,
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
  /**
   * Into how many equal parts the batch is split, that are drawn side by side, each with a cache of its own: default 1. On
   * several cores, parts of some 16 sequences take three quarters of the time of 64 in one, whose caches are too large for the
   * processor's.
   */
  readonly shards?: number;
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

/** Tokens drawn without a look at the signal: a part of a second's work. */
const atOnce = 32;

/** What the loop takes at one position: a tensor for each shard, and the position itself. */
interface Fed {
  position: Tensor;
  tokens: Tensor[];
}

interface Drawn {
  position: Tensor;
  gumbels: Tensor[];
}

/**
 * A sampler with a cache of keys and values: each token costs one pass of one token. The pass, the choice and the
 * cache's update are one compiled graph for all positions. One `sample` at a time.
 */
export function tokenSampler({
  model,
  batch,
  shards = 1,
  guidance,
  ...choice
}: TokenSamplerOptions): TokenSampler {
  const scale = guidanceScale("tokenSampler", guidance, model.classes);
  const twice = scale !== 1;
  const rows = batch / shards;
  if (!Number.isInteger(shards) || shards < 1 || !Number.isInteger(rows)) {
    throw new Error(`tokenSampler: shards must divide the batch of ${batch}, got ${shards}`);
  }
  // With guidance, the second half of a cache's batch knows no labels.
  const both = (tokens: Tensor): Tensor => (twice ? concat([tokens, tokens], -1) : tokens);
  const caches = Array.from(
    { length: shards },
    () => new KeyValueCache(model.config, twice ? 2 * rows : rows),
  );
  const inParts = <T>(part: (cache: KeyValueCache, shard: number) => T): T[] =>
    parallel(caches.map((cache, shard) => () => part(cache, shard)));

  const options = { name: "tokenSampler", fixedWeights: true };
  const feed = compileScan((none: [], { position, tokens }: Fed): [[], []] => {
    inParts((cache, shard) => model.step(tokens[shard]!, position, cache).dispose());
    return [none, []];
  }, options);
  const draw = compileScan((fed: Tensor[], { position, gumbels }: Drawn): [Tensor[], Tensor[]] => {
    const parts = inParts((cache, shard) =>
      tidy(() => {
        const logits = model.step(fed[shard]!, position, cache);
        const filtered = filterLogits(twice ? guided(logits, scale) : logits, choice);
        const token = argMax(add(filtered, gumbels[shard]!), -1);
        return [both(token), expandDims(token, 0)] as [Tensor, Tensor];
      }),
    );
    return [parts.map(([next]) => next), parts.map(([, token]) => token)];
  }, options);

  /** Gumbel numbers of the tokens from one position on, [count, rows, vocabulary] for each shard. */
  const gumbelsOf = (key: Key, from: number, count: number): Tensor[] => {
    const size = rows * model.config.vocabulary;
    const numbers = caches.map(() => new Float32Array(count * size));
    for (let i = 0; i < count; i++) {
      const all = gumbelArray(foldIn(key, from + i), shards * size);
      numbers.forEach((own, shard) => {
        own.set(all.subarray(shard * size, (shard + 1) * size), i * size);
      });
    }
    return numbers.map((own) => tensor(own, [count, rows, model.config.vocabulary]));
  };

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
      // What the positions up to the first one that is drawn are fed with, [given + 1, rows] for each shard.
      const fed = tidy(() =>
        caches.map((_, shard) => {
          const own = (of: Tensor): Tensor => slice(of, shard * rows, rows);
          const starts = [model.start(rows, labels && own(labels))];
          if (twice) starts.push(model.start(rows));
          const first = expandDims(concat(starts), 0);
          return prompt ? concat([first, both(transpose(own(prompt)))]) : first;
        }),
      );
      const parts: Tensor[][] = caches.map((_, shard) =>
        prompt ? [tidy(() => slice(prompt, [shard * rows, 0], [rows, given]))] : [],
      );
      let next = tidy(() => fed.map((each) => squeeze(slice(each, given, 1), [0])));
      try {
        if (given > 0) {
          tidy(() =>
            feed([], {
              position: range(0, given, 1, "int32"),
              tokens: fed.map((each) => slice(each, 0, given)),
            }),
          );
        }
        for (let i = given; i < tokens; i += atOnce) {
          signal?.throwIfAborted();
          const count = Math.min(atOnce, tokens - i);
          const [last, drawn] = tidy(() =>
            draw(next, {
              position: range(i, i + count, 1, "int32"),
              gumbels: gumbelsOf(key, i, count),
            }),
          );
          dispose(next);
          next = last;
          drawn.forEach((each, shard) => {
            parts[shard]!.push(tidy(() => transpose(squeeze(each, [1]))));
            each.dispose();
          });
          await settle(...next);
        }
        return tidy(() => concat(parts.map((part) => concat(part, 1))));
      } finally {
        dispose([fed, parts, next]);
      }
    },
    dispose() {
      feed.dispose();
      draw.dispose();
      for (const cache of caches) cache.dispose();
    },
  };
}
