import { Key } from "@gen/random";
import { Tensor } from "@tensorflow/tfjs-core";

/**
 * Copies nested arrays and plain objects, with every tensor and key replaced by what `leaf` answers. Anything else that
 * is not a number, string, boolean, null or undefined is refused.
 *
 * @param where names the value in errors
 */
export function mapStructure(
  value: unknown,
  leaf: (leaf: Tensor | Key) => unknown,
  where: string,
): unknown {
  if (value instanceof Tensor || value instanceof Key) return leaf(value);
  if (Array.isArray(value))
    return value.map((item, i) => mapStructure(item, leaf, `${where}[${i}]`));
  if (value !== null && typeof value === "object") {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      throw new Error(
        `${where} is a ${(value as object).constructor.name}; a function that is recorded takes and gives tensors, keys, plain values, and arrays and plain objects of them`,
      );
    }
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [
        name,
        mapStructure(item, leaf, `${where}.${name}`),
      ]),
    );
  }
  if (typeof value === "function" || typeof value === "symbol" || typeof value === "bigint") {
    throw new Error(`${where} is a ${typeof value}; pass it by closure instead`);
  }
  return value;
}

/** The structure as a string in which every tensor is its type and shape: equal strings, equal compiled function. */
export function signatureOf(args: readonly unknown[]): string {
  return JSON.stringify(
    mapStructure(
      args,
      (leaf) => (leaf instanceof Key ? "key" : { dtype: leaf.dtype, shape: leaf.shape }),
      "an argument",
    ),
    (_, value: unknown) =>
      value === undefined
        ? "undefined"
        : typeof value === "number" && !Number.isFinite(value)
          ? String(value)
          : value,
  );
}
