// Run by solvers.test.ts as a process of its own: reads the states of all members, and writes where each ends.
import { trigonometric } from "@gen/schedules";
import { keyFromJSON } from "@gen/tensor";
import { readFileSync } from "node:fs";
import type { SamplerState } from "../src/index.ts";
import { arrayEvaluator, type Points } from "./array-evaluator.ts";
import { run } from "./measured-order.ts";
import { members } from "./members.ts";
import { mixture2D, posteriorMean } from "./mixtures.ts";

const { times, states } = JSON.parse(readFileSync(0, "utf8")) as {
  times: number[];
  states: { index: number; x: number[]; key: [number, number]; history?: number[][] }[];
};
const evaluator = arrayEvaluator(trigonometric, posteriorMean(mixture2D));
const ends = states.map(({ index, x, key, history }, i) => {
  const state: SamplerState<Points> = {
    index,
    x: Float64Array.from(x),
    key: keyFromJSON(key),
    ...(history && { history: history.map((h) => Float64Array.from(h)) }),
  };
  return [...run(members[i]!.make(times), evaluator, state).x];
});
process.stdout.write(JSON.stringify(ends));
