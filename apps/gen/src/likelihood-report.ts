import { eightGaussiansMixture } from "@gen/data";
import { bitsPerDimension, type Interval } from "@gen/metrics";
import type { DataConfig } from "./config.ts";
import { type Dataset, normalized } from "./dataset.ts";
import { sizeOf } from "./examples.ts";
import type { HeldOut, LogLikelihoods } from "./family.ts";

/** Log-likelihoods of held-out examples, and what they are. */
export interface LikelihoodReport {
  kind: string;
  of: string;
  examples: number;
  /** The mean of an example, in nats. */
  nats: number;
  interval: Interval;
  /** Of images. */
  bitsPerDimension: number | null;
  bitsInterval: Interval | null;
  /** Of points of a known density: what the data themselves have. */
  trueNats: number | null;
}

/** The first so many held-out examples. */
export function heldOutOf(dataset: Dataset, most = Infinity): HeldOut {
  const size = sizeOf(dataset.examples);
  const numbers = dataset.kind === "points" ? dataset.heldOut : normalized(dataset.heldOut);
  const count = Math.min(most, numbers.length / size);
  return {
    count,
    numbers: numbers.subarray(0, count * size),
    labels: dataset.kind === "images" ? dataset.heldOut.labels?.subarray(0, count) : undefined,
  };
}

export function reportLikelihood(
  { kind, of, nats, binWidth }: LogLikelihoods,
  heldOut: HeldOut,
  data: DataConfig,
): LikelihoodReport {
  const dims = heldOut.numbers.length / heldOut.count;
  const nlls = nats.map((value) => -value);
  const plain = bitsPerDimension(nlls, dims);
  const toNats = (bits: number): number => -bits * dims * Math.LN2;
  const bits = binWidth === undefined ? null : bitsPerDimension(nlls, dims, { binWidth });
  const known = data.name === "points" && data.set === "eightGaussians";
  return {
    kind,
    of,
    examples: nats.length,
    nats: -plain.nats,
    interval: {
      low: toNats(plain.interval.high),
      high: toNats(plain.interval.low),
      level: plain.interval.level,
    },
    bitsPerDimension: bits?.bitsPerDimension ?? null,
    bitsInterval: bits?.interval ?? null,
    trueNats: known ? mean(eightGaussiansMixture.logDensity(heldOut.numbers)) : null,
  };
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
