import type { Workload } from "../workload.ts";
import { dcganTrain } from "./dcgan.ts";
import { ditSample, ditTrain } from "./dit.ts";
import { digitsSample, gptSample, gptTrain } from "./gpt.ts";
import { mlpSample, mlpTrain } from "./points.ts";
import { unetSample, unetTrain } from "./unet.ts";
import { vaeTrain } from "./vae.ts";

/** All that is timed. */
export const workloads: readonly Workload[] = [
  mlpTrain,
  vaeTrain,
  dcganTrain,
  unetTrain,
  ditTrain,
  gptTrain,
  unetSample,
  ditSample,
  gptSample,
  digitsSample,
  mlpSample,
];

/** @throws if there is none of that name */
export function workloadOf(name: string): Workload {
  const found = workloads.find((workload) => workload.name === name);
  if (!found) throw new Error(`workloadOf: there is no workload "${name}"`);
  return found;
}
