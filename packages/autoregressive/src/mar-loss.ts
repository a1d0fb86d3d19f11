import { predictionTarget, type TrainingTimes, uniformTimes } from "@gen/schedules";
import {
  add,
  div,
  draw,
  foldIn,
  type Key,
  mean,
  mul,
  normal,
  permutation,
  reshape,
  square,
  sub,
  sum,
  type Tensor,
  tidy,
  tile,
  truncatedNormalArray,
} from "@gen/tensor";
import type { MAR } from "./mar.ts";

export interface MARLossOptions {
  readonly model: MAR;
  /** float32 [batch, tokens, features], of about unit variance. */
  readonly tokens: Tensor;
  /** int32 [batch], for a model with classes. */
  readonly labels?: Tensor | undefined;
  /** Everything random follows from it: which tokens are known, times, noise. */
  readonly key: Key;
  /**
   * What share of its tokens an example does not know, in [0, 1]; at least one token is unknown. Default the paper's,
   * normal about 1 with a deviation of 0.25 in [0.7, 1].
   */
  readonly unknown?: (key: Key, count: number) => Float32Array;
  /** How many times and noises each token is trained at in a step. Default the paper's 4. */
  readonly repeats?: number;
  /** Default `uniformTimes`. */
  readonly times?: TrainingTimes;
}

/**
 * The diffusion loss of MAR (Li et al. 2024, arXiv:2406.11838, eq. 4) at the unknown tokens: the mean square of what the
 * head is wrong by. Not a likelihood. For `trainStep` of `@gen/train`.
 *
 * @returns a scalar; the caller disposes of it
 */
export function marLoss(options: MARLossOptions): { loss: Tensor } {
  const { model, tokens, labels, key } = options;
  const { unknown = mostlyUnknown, repeats = 4, times = uniformTimes } = options;
  const { tokens: count, features, width } = model.config;
  const batch = tokens.shape[0] as number;
  const many = repeats * batch * count;
  const [timeKey, noiseKey, knownKey] = [0, 1, 2].map((i) => foldIn(key, i)) as [Key, Key, Key];
  /** A number of each time; the same key gives the same times. */
  const at = (of: (t: number) => number, shape = [many, 1]): Tensor =>
    draw(timeKey, shape, (k, rows) => times(k, rows).map(of));
  const target = (t: number): { data: number; noise: number } =>
    predictionTarget(model.path, t, model.prediction);
  return tidy(() => {
    const known = draw(knownKey, [batch, count], (k, rows) =>
      knownPlaces(k, unknown(k, rows), count),
    );
    const told = reshape(model.forward(tokens, known, labels), [-1, width]);
    const x = tile(reshape(tokens, [-1, features]), [repeats, 1]);
    const noise = normal(noiseKey, [many, features]);
    const noisy = add(mul(at(model.path.a), x), mul(at(model.path.b), noise));
    const predicted = model.head.forward(
      noisy,
      at((t) => t, [many]),
      tile(told, [repeats, 1]),
    );
    const wanted = add(
      mul(
        at((t) => target(t).data),
        x,
      ),
      mul(
        at((t) => target(t).noise),
        noise,
      ),
    );
    const counted = tile(reshape(sub(1, known), [-1]), [repeats]);
    const errors = mean(square(sub(predicted, wanted)), 1);
    return { loss: div(sum(mul(errors, counted)), sum(counted)) };
  });
}

const mostlyUnknown = (key: Key, count: number): Float32Array =>
  truncatedNormalArray(key, count, -0.3 / 0.25, 0).map((z) => 1 + 0.25 * z);

/** 1 for what is known, 0 for ⌈share · count⌉ places of each example in a random order, at least one. */
function knownPlaces(key: Key, shares: Float32Array, count: number): Float32Array {
  const known = new Float32Array(shares.length * count).fill(1);
  shares.forEach((share, example) => {
    const order = permutation(foldIn(key, example), count);
    const unknown = Math.max(1, Math.ceil(share * count));
    for (const place of order.subarray(0, unknown)) known[example * count + place] = 0;
  });
  return known;
}
