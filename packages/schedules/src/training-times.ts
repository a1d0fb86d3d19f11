import type { Key } from "@gen/random";

/** Draws the times that a batch is trained at: `count` numbers in [0, 1], a pure function of the key. */
export type TrainingTimes = (key: Key, count: number) => Float32Array;
