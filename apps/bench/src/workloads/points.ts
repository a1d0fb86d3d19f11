import type { Workload } from "../workload.ts";
import { flowSampling, flowTraining } from "./flow.ts";

/** Flow on points in the plane, a perceptron. */
export const mlpTrain: Workload = flowTraining(
  "mlp-train",
  { kind: "VelocityMLP", config: { dims: 2, width: 256, depth: 4 } },
  1024,
  { optimizer: "adam", learningRate: 1e-4 },
);

/** 50 solver steps with a small perceptron: what a solver costs beside the network. */
export const mlpSample: Workload = flowSampling(
  "mlp-sample",
  { kind: "VelocityMLP", config: { dims: 2, width: 64, depth: 3 } },
  256,
  50,
  { shards: 2, oneGraph: true },
);
