import { type Key, permutation, split } from "@gen/random";
import { type Features, gatherRows, type Rows, sidesOf } from "./features.ts";
import { checkLevel, type Interval, shareInterval } from "./interval.ts";
import { centred, eachSquaredDistance, Smallest } from "./nearest.ts";
import { checkNeighbours } from "./neighbour-options.ts";
import type { Report } from "./report.ts";

export interface TwoSampleReport extends Report {
  /** The share of held-out samples that are told apart rightly: 0.5 for equal distributions, 1 for disjoint ones. */
  readonly accuracy: number;
  readonly interval: Interval;
  /** How likely a coin would be as right, or more so: small where the two are different. */
  readonly pValue: number;
  /** Of the held-out samples of each side, the share told rightly: both near 0 where one copies the other. */
  readonly generatedAccuracy: number;
  readonly realAccuracy: number;
  readonly k: number;
  /** Held-out samples, of both sides together. */
  readonly tested: number;
}

export interface TwoSampleOptions {
  /** Chooses which samples are held out. */
  readonly key: Key;
  /** Neighbours that vote, odd; √(training samples) unless told. */
  readonly k?: number;
  readonly level?: number;
}

/**
 * The classifier two-sample test (Lopez-Paz and Oquab 2017, arXiv:1610.06545, section 3, its k-nearest-neighbour form):
 * equally many samples of both sides, half to learn from and half held out; a classifier that beats a coin tells that
 * the distributions differ. The p-value is exact for a binomial count.
 *
 * @throws if a side has fewer than 4 samples, k is even or exceeds the training samples, lengths differ, or a feature
 *   is not finite
 */
export function classifierTwoSampleTest(
  generated: Features,
  real: Features,
  { key, k, level = 0.95 }: TwoSampleOptions,
): TwoSampleReport {
  checkLevel("classifierTwoSampleTest", level);
  const sides = sidesOf("classifierTwoSampleTest", generated, real, 4);
  const half = Math.floor(Math.min(sides.generated.count, sides.real.count) / 2);
  const root = Math.floor(Math.sqrt(2 * half));
  const voters = k ?? (root % 2 === 1 ? root : root - 1);
  checkNeighbours("classifierTwoSampleTest", voters);
  if (voters % 2 === 0 || voters > 2 * half) {
    throw new Error(
      `classifierTwoSampleTest: k must be odd and at most the ${2 * half} training samples, got ${voters}`,
    );
  }
  const [a, b] = centred(sides.generated, sides.real);
  const keys = split(key) as [Key, Key];
  const orders = [permutation(keys[0], a.count), permutation(keys[1], b.count)] as const;
  const part = (from: number): Rows =>
    join(
      gatherRows(a, orders[0].subarray(from, from + half)),
      gatherRows(b, orders[1].subarray(from, from + half)),
    );
  const right = rightVotes(part(0), part(half), half, voters);
  const tested = 2 * half;
  const accuracy = (right[0] + right[1]) / tested;
  return {
    accuracy,
    interval: shareInterval(accuracy, tested, level),
    pValue: coinTail(right[0] + right[1], tested),
    generatedAccuracy: right[0] / half,
    realAccuracy: right[1] / half,
    k: voters,
    tested,
    protocol:
      `classifier two-sample test, ${voters} nearest neighbours, ${tested} samples to learn from and ` +
      `${tested} held out (arXiv:1610.06545)`,
    extractor: sides.extractor,
    counts: [a.count, b.count],
    dims: a.dims,
  };
}

function join(a: Rows, b: Rows): Rows {
  const values = new Float64Array(a.values.length + b.values.length);
  values.set(a.values);
  values.set(b.values, a.values.length);
  return { values, count: a.count + b.count, dims: a.dims };
}

/** How many of each side the vote of the k nearest tells rightly; in both sets the first `half` rows are one side. */
export function rightVotes(
  training: Rows,
  heldOut: Rows,
  half: number,
  k: number,
): [number, number] {
  const nearest = new Smallest(heldOut.count, k);
  eachSquaredDistance(heldOut, training, (i, j, squared) => nearest.offer(i, squared, j));
  const right: [number, number] = [0, 0];
  for (let i = 0; i < heldOut.count; i++) {
    const votes = nearest.owners.subarray(i * k, (i + 1) * k).filter((j) => j >= half).length;
    const side = i < half ? 0 : 1;
    if (votes * 2 > k === (side === 1)) right[side]++;
  }
  return right;
}

/** P(X ≥ heads) for X ~ Binomial(tosses, ½), summed from its smallest term. */
export function coinTail(heads: number, tosses: number): number {
  let logTerm = -tosses * Math.LN2;
  let sum = 0;
  for (let lost = 0; lost <= tosses - heads; lost++) {
    sum += Math.exp(logTerm);
    logTerm += Math.log((tosses - lost) / (lost + 1));
  }
  return Math.min(1, sum);
}
