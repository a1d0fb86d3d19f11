import { writeFileSync } from "node:fs";
import { parameters, state, toTorch, type Weights } from "@gen/nn";
import { serialize, type StoredTensor } from "@gen/safetensors";
import {
  foldIn,
  type Key,
  key,
  normalArray,
  randint,
  split,
  tidy,
  uniformArray,
} from "@gen/tensor";
import { createNetwork } from "./network.ts";
import { classesOf, exampleShape, type Workload } from "./workloads.ts";

/** Training steps that every contender does on the same inputs from the same weights. */
export const checkSteps = 3;

/** The key of training step `step`: what `rectifiedFlowLoss` draws from it in the check is in the shared file. */
export const stepKey = (step: number): Key => foldIn(key(2), step);

/** How many labels are dropped: `rectifiedFlowLoss`'s default. */
export const labelDropout = 0.1;

/**
 * Writes what all contenders begin with: weights as a PyTorch state dict (`model.*`), a batch (`images`, `labels`),
 * and for each step of the check the times, noise and kept labels (`check.0.t`, `.noise`, `.labels`) that
 * `rectifiedFlowLoss` draws from its key. For sampling, `images` is the noise. Images are [n, h, w, c].
 *
 * The weights are the network's own initial ones and a little noise: layers that begin at zero would hide all before
 * them from the check. Needs a backend.
 */
export function writeShared(workload: Workload, file: string): void {
  const { batch, task } = workload;
  const classes = classesOf(workload);
  const shape = [batch, ...exampleShape(workload)];
  const count = shape.reduce((product, n) => product * n, 1);
  const labels = (k: Key): StoredTensor => ({
    dtype: "I32",
    shape: [batch],
    data: tidy(() => randint(k, [batch], 0, classes).dataSync() as Int32Array),
  });
  const float = (numbers: Float32Array, dims: readonly number[]): StoredTensor => ({
    dtype: "F32",
    shape: dims,
    data: numbers,
  });

  const tensors: Record<string, StoredTensor> = {};
  for (const [name, weights] of Object.entries(initialWeights(workload))) {
    tensors[`model.${name}`] = float(weights.data, weights.shape);
  }
  tensors["images"] = float(normalArray(key(3), count), shape);
  if (classes > 0) tensors["labels"] = labels(key(4));
  for (let step = 0; task.kind === "train" && step < checkSteps; step++) {
    // The same three keys as in `rectifiedFlowLoss`; if it draws otherwise one day, the check fails and says so.
    const [timeKey, noiseKey, dropKey] = split(stepKey(step), 3) as [Key, Key, Key];
    tensors[`check.${step}.t`] = float(uniformArray(timeKey, batch), [batch]);
    tensors[`check.${step}.noise`] = float(normalArray(noiseKey, count), shape);
    if (classes > 0) {
      const drop = uniformArray(dropKey, batch);
      const kept = (tensors["labels"]!.data as Int32Array).map((label, i) =>
        drop[i]! < labelDropout ? classes : label,
      );
      tensors[`check.${step}.labels`] = { dtype: "I32", shape: [batch], data: kept };
    }
  }
  writeFileSync(file, serialize(tensors));
}

function initialWeights(workload: Workload): Record<string, Weights> {
  const model = createNetwork(key(0), workload);
  const variables = state(model);
  const trained = parameters(model);
  const weights = Object.fromEntries(
    Object.entries(variables).map(([name, variable], i) => {
      const data = Float32Array.from(variable.dataSync());
      if (name in trained) {
        const noise = normalArray(foldIn(key(1), i), data.length);
        noise.forEach((z, at) => (data[at]! += 0.02 * z));
      }
      return [name, { shape: variable.shape, data }];
    }),
  );
  for (const variable of Object.values(variables)) variable.dispose();
  return toTorch(model, weights);
}
