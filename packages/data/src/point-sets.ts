import { bits, type Key, normalArray, split, uniformArray } from "@gen/random";
import { gaussianMixture, type GaussianMixture } from "./gaussian-mixture.ts";

/** Draws `count` points of the plane: [count, 2]. */
export type PointSet = (key: Key, count: number) => Float32Array;

// The shapes and sizes are those of the toy sets of FFJORD (Grathwohl et al., ICLR 2019): all lie within about ±4.

/** The mixture behind `eightGaussians`: its density and score are exact. */
export const eightGaussiansMixture: GaussianMixture = gaussianMixture(
  Array.from({ length: 8 }, (_, i) => {
    const angle = (i * Math.PI) / 4;
    return [2 * Math.SQRT2 * Math.cos(angle), 2 * Math.SQRT2 * Math.sin(angle)];
  }),
  Math.SQRT1_2 / 2,
);

/** Eight round Gaussians of deviation 0.354, evenly on a circle of radius 2.83. */
export const eightGaussians: PointSet = (key, count) => eightGaussiansMixture.sample(key, count);

/** Two half circles of radius 2 that reach into each other, with noise of deviation 0.2. */
export const moons: PointSet = (key, count) =>
  place(key, count, 0.2, (u, word) => {
    const angle = Math.PI * u;
    return word & 1
      ? [2 * Math.cos(angle) - 1, 2 * Math.sin(angle) - 0.4]
      : [1 - 2 * Math.cos(angle), 0.6 - 2 * Math.sin(angle)];
  });

/** A spiral of one and a half turns, from radius 0.94 to 2.83, with noise of deviation 0.2. */
export const swissRoll: PointSet = (key, count) =>
  place(key, count, 0.2, (u) => {
    const angle = 1.5 * Math.PI * (1 + 2 * u);
    return [(angle * Math.cos(angle)) / 5, (angle * Math.sin(angle)) / 5];
  });

/** The eight dark squares, of side 2, of a board that fills [-4, 4)². */
export const checkerboard: PointSet = (key, count) =>
  place(key, count, 0, (u, word) => {
    const column = word & 3;
    const row = 2 * ((word >>> 2) & 1) + (column & 1);
    const v = (word >>> 9) * 2 ** -23;
    return [2 * (column + u) - 4, 2 * (row + v) - 4];
  });

/** Five blades of Gaussians around radius 2, twisted the more the farther out. */
export const pinwheel: PointSet = (key, count) => {
  const [choice, noise] = split(key);
  const words = bits(choice, count);
  const points = normalArray(noise, 2 * count);
  for (let i = 0; i < count; i++) {
    const radial = 1 + 0.3 * (points[2 * i] as number);
    const tangential = 0.1 * (points[2 * i + 1] as number);
    const angle = (2 * Math.PI * ((words[i] as number) % 5)) / 5 + 0.25 * Math.exp(radial);
    points[2 * i] = 2 * (radial * Math.cos(angle) - tangential * Math.sin(angle));
    points[2 * i + 1] = 2 * (radial * Math.sin(angle) + tangential * Math.cos(angle));
  }
  return points;
};

/** Four circles around the origin, of radius 0.75, 1.5, 2.25 and 3, with noise of deviation 0.08. */
export const rings: PointSet = (key, count) =>
  place(key, count, 0.08, (u, word) => {
    const radius = 0.75 * (1 + (word & 3));
    return [radius * Math.cos(2 * Math.PI * u), radius * Math.sin(2 * Math.PI * u)];
  });

/** The names of the sets. */
export type PointSetName =
  | "eightGaussians"
  | "moons"
  | "swissRoll"
  | "checkerboard"
  | "pinwheel"
  | "rings";

/** All of them by name. */
export const pointSets: Readonly<Record<PointSetName, PointSet>> = {
  eightGaussians,
  moons,
  swissRoll,
  checkerboard,
  pinwheel,
  rings,
};

// Points given by a uniform number in [0, 1) and an independent random word, with noise added.
function place(
  key: Key,
  count: number,
  deviation: number,
  point: (u: number, word: number) => [x: number, y: number],
): Float32Array {
  const [along, choice, noise] = split(key, 3);
  const uniform = uniformArray(along, count);
  const words = bits(choice, count);
  const points = deviation > 0 ? normalArray(noise, 2 * count) : new Float32Array(2 * count);
  for (let i = 0; i < count; i++) {
    const [x, y] = point(uniform[i] as number, words[i] as number);
    points[2 * i] = x + deviation * (points[2 * i] as number);
    points[2 * i + 1] = y + deviation * (points[2 * i + 1] as number);
  }
  return points;
}
