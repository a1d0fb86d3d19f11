import { writeFileSync } from "node:fs";
import { parameters, state, toTorch, type Weights } from "@gen/nn";
import { serialize } from "@gen/safetensors";
import { foldIn, type Key, key, normalArray } from "@gen/tensor";
import { floats } from "./shared-tensors.ts";
import type { Shared, Workload } from "./workload.ts";

/** The key of step `step`: what a workload draws from it in the checks is in the shared file. */
export const stepKey = (step: number): Key => foldIn(key(2), step);

/**
 * Writes what all contenders begin with: weights as a PyTorch state dict (`model.*`), what every step is given
 * (`input.*`), and for each step of the check the random numbers that ours draws from its key (`check.0.*`, …).
 *
 * The weights are the network's own initial ones and a little noise: layers that begin at zero would hide all before
 * them from the check. Needs a backend.
 */
export function writeShared(workload: Workload, file: string): void {
  const tensors: Shared = {};
  const add = (prefix: string, more: Shared): void => {
    for (const [name, tensor] of Object.entries(more)) tensors[`${prefix}.${name}`] = tensor;
  };
  const inputs = workload.inputs();
  add("model", initialWeights(workload));
  add("input", inputs);
  for (let step = 0; step < workload.checks; step++) {
    add(`check.${step}`, workload.draws(stepKey(step), inputs));
  }
  writeFileSync(file, serialize(tensors));
}

function initialWeights(workload: Workload): Shared {
  const { model } = workload.create(key(0));
  const variables = state(model);
  const trained = parameters(model);
  const weights: Record<string, Weights> = {};
  for (const [i, [name, variable]] of Object.entries(variables).entries()) {
    const data = Float32Array.from(variable.dataSync());
    if (name in trained) {
      const noise = normalArray(foldIn(key(1), i), data.length);
      noise.forEach((z, at) => (data[at]! += 0.02 * z));
    }
    weights[name] = { shape: variable.shape, data };
    variable.dispose();
  }
  return Object.fromEntries(
    Object.entries(toTorch(model, weights)).map(([name, { data, shape }]) => [
      name,
      floats(data, shape),
    ]),
  );
}
