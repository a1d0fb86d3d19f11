import { Variable, variable } from "@gen/tensor";
import { isNode } from "./walk.ts";

/**
 * A copy of a model with variables of its own: a teacher, a student, an average. Variables and layers that were
 * shared within the model are shared within the copy; tensors that are no variables are shared with the original.
 *
 * The caller owns the copy: `dispose(state(copy))`. Classes with `#` fields cannot be copied.
 */
export function clone<T extends object>(model: T): T {
  return copy(model, new Map()) as T;
}

function copy(value: unknown, copies: Map<object, object>): unknown {
  if (typeof value !== "object" || value === null) return value;
  const made = copies.get(value);
  if (made) return made;
  if (value instanceof Variable) {
    const result = variable(value, value.trainable);
    copies.set(value, result);
    return result;
  }
  if (!isNode(value)) return value;
  const result = (
    Array.isArray(value) ? [] : Object.create(Object.getPrototypeOf(value))
  ) as object;
  copies.set(value, result);
  for (const [field, held] of Object.entries(value)) {
    (result as Record<string, unknown>)[field] = copy(held, copies);
  }
  return result;
}
