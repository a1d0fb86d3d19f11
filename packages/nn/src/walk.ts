import { Tensor, Variable } from "@gen/tensor";

/** A variable of a model, with its name and the object that holds it. */
export interface Entry {
  name: string;
  variable: Variable;
  owner: object;
  field: string;
}

/** The variables of a model in the order of its fields, each once, under the first name it is met by. */
export function* walk(
  model: object,
  prefix: string = "",
  seen: Set<object> = new Set(),
): Generator<Entry> {
  seen.add(model);
  for (const [field, value] of Object.entries(model)) {
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    if (value instanceof Variable) {
      seen.add(value);
      yield { name: prefix + field, variable: value, owner: model, field };
    } else if (isNode(value)) {
      yield* walk(value, `${prefix + field}.`, seen);
    }
  }
}

/** Whether an object may hold layers: neither a tensor nor an array of numbers. */
export function isNode(value: object): boolean {
  return !(value instanceof Tensor) && !ArrayBuffer.isView(value);
}
