import { readFileSync } from "node:fs";

/** The numbers of tooling/reference/schedules.py. */
export const fixture: {
  places: number[];
  tables: Record<string, { betas: number[]; alphasBar: number[] }>;
  grids: Record<string, number[]>;
  spacings: Record<string, Record<"linspace" | "leading" | "trailing", number[]>>;
  quantiles: Record<string, number[]>;
  decoder: [x: number, mean: number, std: number, logProbability: number][];
} = JSON.parse(readFileSync(new URL("./fixtures/schedules.json", import.meta.url), "utf8"));

/** The largest relative difference of two lists. */
export function worst(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  if (got.length !== wanted.length) return Infinity;
  return Math.max(
    ...Array.from(wanted, (w, i) => Math.abs((got[i] as number) - w) / (Math.abs(w) || 1)),
  );
}
