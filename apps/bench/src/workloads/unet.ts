import type { Workload } from "../workload.ts";
import { flowSampling, type FlowNetwork, flowTraining } from "./flow.ts";

const unet: FlowNetwork = {
  kind: "UNet",
  config: {
    imageSize: 32,
    inChannels: 3,
    baseChannels: 64,
    multipliers: [1, 2, 2],
    blocks: 2,
    attention: [16, 8],
  },
};

export const unetTrain: Workload = flowTraining(
  "unet-train",
  unet,
  16,
  { optimizer: "adamw", learningRate: 1e-4, emaDecay: 0.999 },
  { shards: 2 },
);

export const unetSample: Workload = flowSampling("unet-sample", unet, 16, 20, { shards: 2 });
