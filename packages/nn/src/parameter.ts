import { tensor, type Variable, variable } from "@gen/tensor";

/**
 * A variable holding the given numbers, for the field of a layer or a model. The model owns it: it lives until
 * `dispose(state(model))`.
 *
 * @param trainable false for a buffer: saved and copied with the model, but not trained
 */
export function parameter(
  data: Float32Array,
  shape: readonly number[],
  trainable = true,
): Variable {
  const initial = tensor(data, [...shape], "float32");
  const result = variable(initial, trainable);
  initial.dispose();
  return result;
}
