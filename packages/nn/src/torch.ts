import type { Weights } from "./load.ts";
import { walk } from "./walk.ts";

/**
 * Which of PyTorch's axes each axis of a layer's weights is, by field: `static torchAxes = { weight: [1, 0] }`.
 * Fields that are not named have PyTorch's own layout.
 */
export type TorchAxes = Record<string, readonly number[]>;

/**
 * Turns a PyTorch `state_dict` into weights for `load`: the names are kept, the axes put into our order.
 *
 * | layer | PyTorch | ours |
 * |---|---|---|
 * | Linear | [out, in] | [in, out] |
 * | Conv2d | [out, in, height, width] | [height, width, in, out] |
 * | ConvTranspose2d | [in, out, height, width] | [height, width, out, in] |
 * | MultiheadAttention, projections | [out, in] | [in, out] |
 * | Embedding, norms, all biases | as it is | as it is |
 *
 * A Linear also takes a 1 × 1 convolution's weight, [out, in, 1, 1]. Names that the model does not have are kept,
 * for `load` to report.
 *
 * @param model says which layer each name belongs to; it is not changed
 * @param stateDict float32 numbers by PyTorch's names, row-major
 */
export function fromTorch(
  model: object,
  stateDict: Record<string, Weights>,
): Record<string, Weights> {
  const axes = axesOf(model);
  return Object.fromEntries(
    Object.entries(stateDict).map(([name, weights]) => {
      const order = axes.get(name);
      if (!order) return [name, weights];
      const trimmed = trim(weights, order.length);
      return [name, trimmed.shape.length === order.length ? permute(trimmed, order) : weights];
    }),
  );
}

/** The inverse of `fromTorch`: weights with the names and shapes of `state(model)` as a PyTorch `state_dict`. */
export function toTorch(model: object, weights: Record<string, Weights>): Record<string, Weights> {
  const axes = axesOf(model);
  return Object.fromEntries(
    Object.entries(weights).map(([name, given]) => {
      const order = axes.get(name);
      return [
        name,
        order
          ? permute(
              given,
              order.map((_, axis) => order.indexOf(axis)),
            )
          : given,
      ];
    }),
  );
}

function axesOf(model: object): Map<string, readonly number[]> {
  const found = new Map<string, readonly number[]>();
  for (const { name, owner, field } of walk(model)) {
    const axes = (owner.constructor as { torchAxes?: TorchAxes }).torchAxes?.[field];
    if (axes) found.set(name, axes);
  }
  return found;
}

/** Drops axes of length 1 from the end. */
function trim({ shape, data }: Weights, rank: number): Weights {
  const rest = shape.slice(rank);
  return rest.every((n) => n === 1) ? { shape: shape.slice(0, rank), data } : { shape, data };
}

/** Axis i of the result is axis `order[i]` of the given. */
function permute({ shape, data }: Weights, order: readonly number[]): Weights {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((size, n) => size * n, 1));
  const result = new Float32Array(data.length);
  const newShape = order.map((axis) => shape[axis] as number);
  const steps = order.map((axis) => strides[axis] as number);
  const index = newShape.map(() => 0);
  let from = 0;
  for (let to = 0; to < result.length; to++) {
    result[to] = data[from] as number;
    for (let axis = index.length - 1; axis >= 0; axis--) {
      from += steps[axis] as number;
      index[axis] = (index[axis] as number) + 1;
      if (index[axis] !== newShape[axis]) break;
      from -= (steps[axis] as number) * (newShape[axis] as number);
      index[axis] = 0;
    }
  }
  return { shape: newShape, data: result };
}
