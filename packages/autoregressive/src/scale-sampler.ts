import {
  categorical,
  compile,
  concat,
  dispose,
  foldIn,
  type Key,
  reshape,
  settle,
  slice,
  type Tensor,
  tidy,
  zeros,
} from "@gen/tensor";
import { filterLogits, type SamplingOptions } from "./filter-logits.ts";
import type { NextScaleTransformer } from "./next-scale-transformer.ts";

export interface ScaleSamplerOptions extends SamplingOptions {
  /** Stays the caller's; its weights are read as they are at every call. */
  readonly model: NextScaleTransformer;
  /** How many samples are made at once. */
  readonly batch: number;
}

export interface ScaleSampleOptions {
  /** Everything random follows from it: scale i is drawn with `foldIn(key, i)`. */
  readonly key: Key;
  /** int32 [batch], for a model with classes. */
  readonly labels?: Tensor;
  readonly signal?: AbortSignal;
}

/** Draws token maps, one scale after the other. */
export interface ScaleSampler {
  /** @returns int32 [batch, Σ side²], smallest map first; the caller disposes of it */
  sample(options: ScaleSampleOptions): Promise<Tensor>;
  /** Frees what was compiled; the model stays. */
  dispose(): void;
}

/** A sampler for next-scale prediction: one pass for each scale, whose tokens are drawn at once. */
export function scaleSampler({ model, batch, ...choice }: ScaleSamplerOptions): ScaleSampler {
  const { vocabulary } = model.config;
  const ends = model.ends;
  const total = ends.at(-1) as number;
  const steps = ends.map((end, i) => {
    const start = ends[i - 1] ?? 0;
    return compile(
      (tokens: Tensor, key: Key, labels?: Tensor) =>
        tidy(() => {
          const logits = slice(model.forward(tokens, labels), [0, start, 0], [-1, end - start, -1]);
          const flat = filterLogits(reshape(logits, [-1, vocabulary]), choice);
          const drawn = reshape(categorical(key, flat), [batch, end - start]);
          // What is there before and after this scale.
          const parts = [
            ...(start > 0 ? [slice(tokens, [0, 0], [batch, start])] : []),
            drawn,
            ...(end < total ? [slice(tokens, [0, end], [batch, total - end])] : []),
          ];
          return concat(parts, 1);
        }),
      { name: "scaleSampler", fixedWeights: true },
    );
  });
  return {
    async sample({ key, labels, signal }) {
      let tokens: Tensor = zeros([batch, total], "int32");
      try {
        for (const [i, step] of steps.entries()) {
          signal?.throwIfAborted();
          const next = step(tokens, foldIn(key, i), labels);
          dispose(tokens);
          tokens = next;
          await settle(tokens);
        }
        return tokens;
      } catch (error) {
        dispose(tokens);
        throw error;
      }
    },
    dispose: () => {
      for (const step of steps) step.dispose();
    },
  };
}
