import { add, mul, sub, type Tensor, tidy, type Variable } from "@gen/tensor";
import { state } from "./state.ts";

/**
 * Moves a model towards another: target ← decay · target + (1 − decay) · source, the step of an exponential moving
 * average. Buffers become the source's.
 *
 * @param source a model with the same names and shapes, such as the one `target` is a `clone` of
 * @param decay in [0, 1]; a scalar tensor where it changes from step to step
 */
export function lerp(target: object, source: object, decay: number | Tensor): void {
  const from = state(source);
  for (const [name, variable] of Object.entries(state(target))) {
    const value = from[name];
    if (!value)
      throw new Error(`lerp: the source has no ${name}; give a model of the same structure.`);
    if (variable.trainable) tidy(() => variable.assign(towards(variable, value, decay)));
    else variable.assign(value);
  }
}

function towards(variable: Variable, value: Variable, decay: number | Tensor): Tensor {
  return add(variable, mul(sub(value, variable), sub(1, decay)));
}
