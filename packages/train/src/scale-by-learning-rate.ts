import { mul } from "@gen/tensor";
import { constant, type Schedule } from "./schedule.ts";
import { groupwise, type Transform } from "./transform.ts";

/** The last link of an optimizer: turns a direction of ascent into a step downhill, by -learningRate(step). */
export function scaleByLearningRate(learningRate: number | Schedule): Transform {
  const schedule = typeof learningRate === "number" ? constant(learningRate) : learningRate;
  return () => ({
    state: [],
    constants: [],
    numbers: (step) => [-schedule(step)],
    update: groupwise((updates, { numbers: [rate] }) => ({
      updates: mul(updates, rate!),
      state: [],
    })),
  });
}
