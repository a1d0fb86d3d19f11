import { tensor } from "@gen/tensor";
import { state } from "./state.ts";

/** Numbers and their shape, as a file of weights holds them. */
export interface Weights {
  shape: readonly number[];
  data: Float32Array;
}

/**
 * Gives a model's variables, buffers included, the numbers of `weights`, which are copied.
 *
 * @param weights by the names and with the shapes of `state(model)`, no more and no less
 * @throws one error that lists every name that is missing, unexpected or of another shape; nothing was changed then
 */
export function load(model: object, weights: Record<string, Weights>): void {
  const variables = state(model);
  const problems: string[] = [];
  for (const [name, variable] of Object.entries(variables)) {
    const given = weights[name];
    if (!given) problems.push(`missing ${name} ${show(variable.shape)}`);
    else if (show(given.shape) !== show(variable.shape)) {
      problems.push(`${name} is ${show(given.shape)}, expected ${show(variable.shape)}`);
    } else if (given.data.length !== variable.size) {
      problems.push(`${name} ${show(given.shape)} has ${given.data.length} numbers`);
    }
  }
  for (const [name, given] of Object.entries(weights)) {
    if (!variables[name]) problems.push(`unexpected ${name} ${show(given.shape)}`);
  }
  if (problems.length > 0) {
    throw new Error(`load: the weights are not of this model: ${problems.join("; ")}.`);
  }
  for (const [name, variable] of Object.entries(variables)) {
    const value = tensor((weights[name] as Weights).data.slice(), variable.shape, variable.dtype);
    variable.assign(value);
    value.dispose();
  }
}

const show = (shape: readonly number[]): string => `[${shape.join(", ")}]`;
