import { parameters, state } from "@gen/nn";
import type { Variable } from "@gen/tensor";
import { Ema, loadState, unprefixed } from "@gen/train";
import type { Found } from "./family.ts";

/** Puts a checkpoint's weights into a model. They lie under `prefix`: "model." of `trainStep`. */
export function loadWeights(model: object, { name, checkpoint }: Found, prefix = "model."): void {
  loadState(state(model), unprefixed(prefix, checkpoint.tensors), name);
}

/** The same, and its moving average instead of what was last: "ema." of `trainStep` and `ganStep`. */
export function loadAverage(
  model: object,
  found: Found,
  prefix = "model.",
  averagePrefix = "ema.",
): void {
  loadWeights(model, found, prefix);
  const ema = new Ema(parameters(model));
  try {
    loadState(ema.state(), unprefixed(averagePrefix, found.checkpoint.tensors), found.name);
    ema.copyTo(parameters(model));
  } finally {
    ema.dispose();
  }
}

/** How many numbers of a model are learned. */
export function parameterCount(model: object): number {
  return Object.values(parameters(model)).reduce((sum, { size }) => sum + size, 0);
}

/** Frees a model's variables. */
export function disposeWeights(model: object): void {
  for (const variable of Object.values<Variable>(state(model))) variable.dispose();
}
