import { type ImageReport, imageReport } from "./images.ts";

/** What one layer of a network makes of images. */
export interface FeatureMaps {
  /** [count, height, width, channels]. */
  readonly shape: readonly [number, number, number, number];
  readonly values: ArrayLike<number>;
}

/**
 * The perceptual distance of pairs of images (LPIPS, Zhang et al. 2018, arXiv:1801.03924, eq. 1) on feature maps that
 * are passed in: at each place both vectors are brought to length 1 (plus 1e-10), their squared difference is weighted
 * by channel, summed over channels, averaged over places and summed over layers. It is LPIPS where maps and weights are
 * the published ones.
 *
 * @param a one entry a layer
 * @param b of the other images, in the same shapes
 * @param weights one list a layer, one number a channel; all 1 unless told
 * @throws if layers, shapes or weights do not fit, or a number is not finite
 */
export function perceptualDistance(
  a: readonly FeatureMaps[],
  b: readonly FeatureMaps[],
  weights?: readonly ArrayLike<number>[],
): ImageReport {
  check(a, b, weights);
  const count = a[0]!.shape[0];
  const distances = new Float64Array(count);
  a.forEach(({ shape, values }, layer) => {
    const [, height, width, channels] = shape;
    const other = b[layer]!.values;
    const weight = weights?.[layer];
    const places = height * width;
    for (let place = 0; place < count * places; place++) {
      const first = place * channels;
      const lengthA = lengthOf(values, first, channels) + 1e-10;
      const lengthB = lengthOf(other, first, channels) + 1e-10;
      let sum = 0;
      for (let c = 0; c < channels; c++) {
        const difference = values[first + c]! / lengthA - other[first + c]! / lengthB;
        sum += (weight ? weight[c]! : 1) * difference ** 2;
      }
      distances[Math.floor(place / places)]! += sum / places;
    }
  });
  return imageReport(
    distances,
    `perceptual distance, ${a.length} layers, ${weights ? "weights given" : "all weights 1"} (arXiv:1801.03924)`,
  );
}

function lengthOf(values: ArrayLike<number>, first: number, channels: number): number {
  let squares = 0;
  for (let c = 0; c < channels; c++) squares += values[first + c]! ** 2;
  return Math.sqrt(squares);
}

function check(
  a: readonly FeatureMaps[],
  b: readonly FeatureMaps[],
  weights?: readonly ArrayLike<number>[],
): void {
  const fail = (what: string): never => {
    throw new Error(`perceptualDistance: ${what}`);
  };
  if (a.length === 0 || a.length !== b.length) {
    fail(`both sides need the same layers, at least one, got ${a.length} and ${b.length}`);
  }
  if (weights && weights.length !== a.length) {
    fail(`one list of weights a layer is needed, got ${weights.length} for ${a.length} layers`);
  }
  a.forEach(({ shape, values }, layer) => {
    const other = b[layer]!;
    const size = shape.reduce((product, n) => product * n, 1);
    if (String(shape) !== String(other.shape) || shape[0] !== a[0]!.shape[0]) {
      fail(`layer ${layer} must have one shape, got [${shape}] and [${other.shape}]`);
    }
    if (values.length !== size || other.values.length !== size) {
      fail(
        `layer ${layer} must hold the ${size} numbers of its shape, ` +
          `got ${values.length} and ${other.values.length}`,
      );
    }
    if (weights && weights[layer]!.length !== shape[3]) {
      fail(`layer ${layer} needs ${shape[3]} weights, got ${weights[layer]!.length}`);
    }
    for (let i = 0; i < size; i++) {
      if (!Number.isFinite(values[i]!) || !Number.isFinite(other.values[i]!)) {
        fail(
          `layer ${layer} must be finite, got ${values[i]} and ${other.values[i]} at place ${i}`,
        );
      }
    }
  });
}
