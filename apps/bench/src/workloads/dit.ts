import type { Workload } from "../workload.ts";
import { flowSampling, type FlowNetwork, flowTraining } from "./flow.ts";

const dit: FlowNetwork = {
  kind: "DiT",
  config: { imageSize: 32, inChannels: 3, patch: 2, width: 384, depth: 12, heads: 6 },
};

export const ditTrain: Workload = flowTraining(
  "dit-train",
  dit,
  16,
  { optimizer: "adamw", learningRate: 1e-4, emaDecay: 0.999 },
  { shards: 4 },
);

export const ditSample: Workload = flowSampling("dit-sample", dit, 16, 20, { shards: 4 });
