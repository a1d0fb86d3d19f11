import { type Key, normalArray } from "@gen/random";
import { type Features, type Rows, sidesOf } from "./features.ts";
import { mean, variance } from "./interval.ts";
import type { Report } from "./report.ts";
import { rowProducts } from "./row-products.ts";

export interface SlicedWassersteinReport extends Report {
  /** (mean over directions of W_pᵖ)^(1/p). */
  readonly distance: number;
  /** Of `distance`, by the choice of the directions alone. */
  readonly directionError: number;
}

export interface SlicedWassersteinOptions {
  /** Chooses the directions. */
  readonly key: Key;
  readonly projections?: number;
  /** The p of W_p. */
  readonly order?: number;
}

/**
 * The sliced Wasserstein distance (Rabin et al. 2011; Bonneel et al. 2015): the Wasserstein distance in one dimension,
 * which sorting gives exactly, along random directions. Both sides may have different numbers of samples.
 * Cost: (n + m) · (dims + log) · projections.
 *
 * @throws if a side is empty, lengths differ, or a feature is not finite
 */
export function slicedWasserstein(
  generated: Features,
  real: Features,
  { key, projections = 1000, order = 2 }: SlicedWassersteinOptions,
): SlicedWassersteinReport {
  if (!Number.isInteger(projections) || projections < 1 || !(order >= 1 && order < Infinity)) {
    throw new Error(
      "slicedWasserstein: projections must be a positive integer and order a number of at least 1, " +
        `got ${projections} and ${order}`,
    );
  }
  const { generated: a, real: b, extractor } = sidesOf("slicedWasserstein", generated, real, 1);
  const { dims } = a;
  const directions = Float64Array.from(normalArray(key, projections * dims));
  for (let first = 0; first < directions.length; first += dims) {
    const one = directions.subarray(first, first + dims);
    const length = Math.sqrt(one.reduce((sum, value) => sum + value * value, 0));
    for (let i = 0; i < dims; i++) one[i]! /= length;
  }
  const powers = wassersteinAlong(a, b, directions, order);
  const power = mean(powers);
  const distance = power ** (1 / order);
  const error = projections > 1 ? Math.sqrt(variance(powers, 1) / projections) : Infinity;
  return {
    distance,
    directionError: power > 0 ? (distance / (order * power)) * error : 0,
    protocol: `sliced Wasserstein distance of order ${order}, ${projections} directions`,
    extractor,
    counts: [a.count, b.count],
    dims,
  };
}

/** W_pᵖ along each direction. */
export function wassersteinAlong(
  a: Rows,
  b: Rows,
  directions: Float64Array,
  order: number,
): Float64Array {
  const { dims } = a;
  const shadowA = new Float64Array(a.count);
  const shadowB = new Float64Array(b.count);
  return Float64Array.from({ length: directions.length / dims }, (_, d) => {
    const direction = directions.subarray(d * dims, (d + 1) * dims);
    rowProducts(a.values, a.count, direction, 1, dims, shadowA);
    rowProducts(b.values, b.count, direction, 1, dims, shadowB);
    return transport(shadowA.sort(), shadowB.sort(), order);
  });
}

/** ∫|F⁻¹(u) - G⁻¹(u)|ᵖ du of two sorted lists, in steps of 1/(n·m). */
function transport(a: Float64Array, b: Float64Array, order: number): number {
  const [n, m] = [a.length, b.length];
  let sum = 0;
  for (let i = 0, j = 0, at = 0; i < n && j < m;) {
    const next = Math.min((i + 1) * m, (j + 1) * n);
    sum += (next - at) * Math.abs(a[i]! - b[j]!) ** order;
    at = next;
    if (at === (i + 1) * m) i++;
    if (at === (j + 1) * n) j++;
  }
  return sum / (n * m);
}
