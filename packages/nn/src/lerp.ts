import { add, mul, sub, type Tensor, tidy } from "@gen/tensor";
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
  tidy(() => {
    const step = typeof decay === "number" ? 1 - decay : sub(1, decay);
    for (const [name, variable] of Object.entries(state(target))) {
      const value = from[name];
      if (String(value?.shape) !== String(variable.shape)) {
        const given = value ? `is [${value.shape.join(", ")}]` : "is missing";
        throw new Error(
          `lerp: ${name} [${variable.shape.join(", ")}] ${given} in the source; give a model of the same structure.`,
        );
      }
      const goal = value as Tensor;
      variable.assign(variable.trainable ? add(variable, mul(sub(goal, variable), step)) : goal);
    }
  });
}
