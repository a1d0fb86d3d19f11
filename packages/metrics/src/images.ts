import { type Interval, mean, meanInterval } from "./interval.ts";

/** Two sets of images of one shape, compared one by one. */
export interface ImagePairs {
  /** [count, height, width, channels], as `shape` says. */
  readonly shape: readonly [number, number, number, number];
  readonly a: ArrayLike<number>;
  readonly b: ArrayLike<number>;
  /** Largest possible value less the smallest: 255, 1, or 2 for images in [-1, 1]. */
  readonly range: number;
}

export interface ImageReport {
  /** The mean over the images. */
  readonly mean: number;
  /** Of the mean; absent for one image, and where a value is not finite. */
  readonly interval?: Interval;
  /** One value an image. */
  readonly values: Float64Array;
  readonly protocol: string;
}

export function checkImages(caller: string, { shape, a, b, range }: ImagePairs): void {
  const size = shape.reduce((product, n) => product * n, 1);
  if (shape.length !== 4 || !shape.every((n) => Number.isInteger(n) && n > 0)) {
    throw new Error(
      `${caller}: shape must be [count, height, width, channels], got [${shape.join(", ")}]`,
    );
  }
  if (a.length !== size || b.length !== size) {
    throw new Error(
      `${caller}: both sets must hold the ${size} numbers of shape [${shape.join(", ")}], ` +
        `got ${a.length} and ${b.length}`,
    );
  }
  if (!(range > 0 && range < Infinity)) {
    throw new Error(`${caller}: range must be positive and finite, got ${range}`);
  }
  for (let i = 0; i < size; i++) {
    if (!Number.isFinite(a[i]!) || !Number.isFinite(b[i]!)) {
      throw new Error(`${caller}: images must be finite, got ${a[i]} and ${b[i]} at place ${i}`);
    }
  }
}

export function imageReport(values: Float64Array, protocol: string, level = 0.95): ImageReport {
  const report = { mean: mean(values), values, protocol };
  if (values.length < 2 || !values.every(Number.isFinite)) return report;
  return { ...report, interval: meanInterval(values, level) };
}
