import { state } from "@gen/nn";
import { add, key, mul, normal, tidy } from "@gen/tensor";

/** Moves every weight of a model, so that nothing is hidden by a last layer that starts at zero. */
export function stirred<Model extends object>(model: Model, size = 0.3): Model {
  Object.values(state(model)).forEach((variable, i) => {
    tidy(() => variable.assign(add(variable, mul(normal(key(100 + i), variable.shape), size))));
  });
  return model;
}
