import { integerOption, numberOption } from "./arguments.ts";
import { choice } from "./common-options.ts";
import type { Examples } from "./examples.ts";
import { parseLabels, solvers, spreadLabels } from "./sampling.ts";

/** How samples are drawn, for every command that draws some. */
export const sampleOptions = {
  count: { type: "string", valueHint: "n", description: "How many samples", default: "100" },
  steps: { type: "string", valueHint: "n", description: "Steps of the solver", default: "25" },
  solver: { ...choice("How the flow's equation is solved", Object.keys(solvers)), default: "heun" },
  "guidance-scale": {
    type: "string",
    valueHint: "s",
    description:
      "Strength of classifier-free guidance, v0 + s (v - v0); 1 is none (default 2, or 1 for a model without labels)",
  },
  labels: {
    type: "string",
    valueHint: "all|3,7",
    description: "Which classes, evenly",
    default: "all",
  },
  seed: {
    type: "string",
    valueHint: "n",
    description: "All randomness follows from it",
    default: "0",
  },
} as const;

export interface SampleSettings {
  labels: Int32Array;
  steps: number;
  solver: keyof typeof solvers;
  guidanceScale: number;
  seed: number;
}

interface Given {
  count: string;
  steps: string;
  solver: string;
  "guidance-scale"?: string | undefined;
  labels: string;
  seed: string;
}

/** Reads them. */
export function readSampleSettings(args: Given, { classes }: Examples): SampleSettings {
  const count = integerOption("--count", args.count, 1, 1_000_000);
  const scale = args["guidance-scale"];
  return {
    labels: spreadLabels(count, parseLabels(args.labels, classes)),
    steps: integerOption("--steps", args.steps, 1, 100_000),
    solver: args.solver as keyof typeof solvers,
    guidanceScale:
      scale === undefined
        ? classes > 0
          ? 2
          : 1
        : numberOption("--guidance-scale", scale, 0, 1000),
    seed: integerOption("--seed", args.seed, 0),
  };
}
