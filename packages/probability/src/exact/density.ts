import type { Key } from "@gen/random";

/** Points as rows of one array, [count × dimensions]. */
export type Points = ArrayLike<number>;

/** A density with its score, exactly, in float64. The mixtures of `@gen/data` are such densities too. */
export interface ExactDensity {
  readonly dimensions: number;
  /** ln p(x) of each point, in nats: [count]. */
  logDensity(points: Points): Float64Array;
  /** ∇ ln p(x) of each point: [count × dimensions]. */
  score(points: Points): Float64Array;
}

/** What can be sampled: [count × dimensions]. */
export interface ExactSamples {
  readonly dimensions: number;
  sample(key: Key, count: number): Float64Array;
}

/** A distribution that is known exactly after noise was added: at every time of every path. */
export interface Noisable {
  readonly dimensions: number;
  /** The law of a·x + b·z, where x is drawn from this distribution and z is standard normal. */
  noised(a: number, b: number): ExactDensity;
}

/** The means of data x and of noise z given a·x + b·z: [count × dimensions] each. */
export interface Denoised {
  readonly data: Float64Array;
  readonly noise: Float64Array;
}

/** A distribution of which the optimal denoiser is known exactly. */
export interface Denoisable {
  readonly dimensions: number;
  /** E[x | a·x + b·z = point] and E[z | a·x + b·z = point], z standard normal; at a = 0 and at b = 0 too. */
  denoise(points: Points, a: number, b: number): Denoised;
}

/** How many rows of `dimensions` numbers there are. @throws if it is not a whole number of them */
export function countRows(caller: string, points: Points, dimensions: number): number {
  if (points.length % dimensions !== 0) {
    throw new Error(
      `${caller}: points has ${points.length} numbers, expected a multiple of the ${dimensions} dimensions`,
    );
  }
  return points.length / dimensions;
}
