import { compiled, ddpm, type Denoiser, posteriorVariance, sample } from "@gen/samplers";
import { uniformGrid } from "@gen/schedules";
import {
  compile,
  concat,
  dispose,
  foldIn,
  gather,
  type Key,
  normal,
  permutation,
  reshape,
  splitTensor,
  type Tensor,
  tensor,
  tidy,
} from "@gen/tensor";
import { cosineCounts } from "./cosine-counts.ts";
import { type Guidance, guidanceScale, guided, noLabels } from "./guidance.ts";
import type { MAR } from "./mar.ts";

export interface MARSamplerOptions {
  /** Stays the caller's; its weights are read as they are at every call. */
  readonly model: MAR;
  /** How many samples are made at once. */
  readonly batch: number;
  /** In how many steps all tokens become known, at most one for each. The paper: 64 for 256 tokens. */
  readonly steps: number;
  /** Of the head. Default the paper's 100. */
  readonly diffusionSteps?: number;
  /** The head's noise is multiplied by it: below 1 less variety. Default 1. */
  readonly temperature?: number;
  /** Of the head's prediction. Twice the work. */
  readonly guidance?: Guidance;
}

export interface MARSampleOptions {
  /** Everything random follows from it. */
  readonly key: Key;
  /** int32 [batch], for a model with classes. */
  readonly labels?: Tensor;
  /** What is known of the samples: those tokens stay, the others follow, wherever they are. */
  readonly known?: {
    /** float32 [batch, tokens, features]. */
    readonly tokens: Tensor;
    readonly place: (index: number) => boolean;
  };
  readonly signal?: AbortSignal;
}

/** Draws samples, some tokens at a time. */
export interface MARSampler {
  /** @returns float32 [batch, tokens, features]; the caller disposes of it */
  sample(options: MARSampleOptions): Promise<Tensor>;
  /** Frees what was compiled; the model stays. */
  dispose(): void;
}

/**
 * A sampler for masked autoregressive models (Li et al. 2024, arXiv:2406.11838, section 3.4): in each step the transformer
 * looks at what is known, and the head draws the next tokens of a random order, different for each sample, by ancestral
 * diffusion sampling. How many they are follows `cosineCounts`.
 *
 * @throws if steps or temperature make no sense, or guidance is asked of a model without classes
 */
export function marSampler(options: MARSamplerOptions): MARSampler {
  const { model, batch, steps, diffusionSteps = 100, temperature = 1, guidance } = options;
  const { classes, head, path, prediction } = model;
  const { tokens: count, features, width } = model.config;
  cosineCounts(count, steps);
  if (!(temperature >= 0 && temperature < Infinity)) {
    throw new Error(`marSampler: temperature must be 0 or more, got ${temperature}`);
  }
  const scale = guidanceScale("marSampler", guidance, classes);
  const twice = scale !== 1;

  // What is known of each of the places, behind it what is known without labels.
  const look = compile(
    (tokens: Tensor, known: Tensor, places: Tensor, labels?: Tensor) =>
      tidy(() => {
        const at = (told?: Tensor): Tensor =>
          gather(reshape(model.forward(tokens, known, told), [-1, width]), places);
        return twice ? concat([at(labels), at(noLabels(batch, classes))], 1) : at(labels);
      }),
    { name: "marSampler" },
  );
  const denoiser: Denoiser<Tensor> = {
    path,
    prediction,
    predict: (x, t, told) =>
      tidy(() => {
        if (!twice) return head.forward(x, t, told as Tensor);
        const both = concat(splitTensor(told as Tensor, 2, 1));
        return guided(head.forward(concat([x, x]), concat([t, t]), both), scale);
      }),
  };
  const sampler = compiled(
    ddpm(uniformGrid(diffusionSteps), {
      variance: (...step) => temperature ** 2 * posteriorVariance(...step),
    }),
  );

  return {
    async sample({ key, labels, known, signal }) {
      const shape = [batch, count, features];
      if (known && known.tokens.shape.join() !== shape.join()) {
        throw new Error(
          `marSampler: known.tokens must be [${shape.join(", ")}], got [${known.tokens.shape.join(", ")}]`,
        );
      }
      if (twice && !labels) {
        throw new Error("marSampler: labels must be given where there is guidance, got none");
      }
      const numbers = new Float32Array(batch * count * features);
      if (known) numbers.set(await known.tokens.data());
      const isKnown = (place: number): boolean => known?.place(place) ?? false;
      const given = Array.from({ length: count }, (_, place) => (isKnown(place) ? 1 : 0));
      const now = Float32Array.from({ length: batch * count }, (_, i) => given[i % count]!);
      const [orderKey, drawKey] = [foldIn(key, 0), foldIn(key, 1)];
      const orders = Array.from({ length: batch }, (_, i) =>
        permutation(foldIn(orderKey, i), count).filter((place) => !isKnown(place)),
      );
      const left = orders[0]?.length ?? 0;
      const counts = left > 0 ? cosineCounts(left, Math.min(steps, left)) : [];
      let done = 0;
      for (const [i, many] of counts.entries()) {
        const places = orders.flatMap((order, example) =>
          [...order.subarray(done, done + many)].map((place) => example * count + place),
        );
        done += many;
        const inputs = [
          tensor(numbers, shape),
          tensor(now, [batch, count]),
          tensor(places, [places.length], "int32"),
        ] as const;
        const told = look(...inputs, labels);
        const [noiseKey, stepKey] = [0, 1].map((j) => foldIn(foldIn(drawKey, i), j)) as [Key, Key];
        const noise = normal(noiseKey, [places.length, features]);
        try {
          const drawn = await sample({
            denoiser,
            sampler,
            noise,
            key: stepKey,
            condition: told,
            ...(signal && { signal }),
          });
          const values = (await drawn.data()) as Float32Array;
          drawn.dispose();
          places.forEach((place, j) => {
            numbers.set(values.subarray(j * features, (j + 1) * features), place * features);
            now[place] = 1;
          });
        } finally {
          dispose([...inputs, told, noise]);
        }
      }
      return tensor(numbers, shape);
    },
    dispose() {
      look.dispose();
      sampler.dispose();
    },
  };
}
