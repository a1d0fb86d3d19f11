import type { Variable } from "@gen/tensor";
import { walk } from "./walk.ts";

/**
 * All variables of a model by name: weights and buffers, in the order of its fields.
 *
 * A model is any object whose fields are variables, layers, other models, or arrays of them. The name of a variable
 * is the path to it, with dots, as PyTorch's `state_dict` has it: `down.0.conv1.weight`. A variable that is reached
 * by two paths is listed once, under the first. Fields that are private by `#` are not seen.
 *
 * The variables stay the model's. `dispose(state(model))` frees them.
 */
export function state(model: object): Record<string, Variable> {
  const variables: Record<string, Variable> = {};
  for (const { name, variable } of walk(model)) variables[name] = variable;
  return variables;
}

/** The part of `state` that is trained: all but the buffers, such as fixed frequencies. */
export function parameters(model: object): Record<string, Variable> {
  return Object.fromEntries(Object.entries(state(model)).filter(([, v]) => v.trainable));
}

/** How many numbers of a model are trained. */
export function parameterCount(model: object): number {
  return Object.values(parameters(model)).reduce((count, v) => count + v.size, 0);
}
