/** A header may not be longer than this: the limit of the format's own library. */
export const MAX_HEADER_BYTES = 100_000_000;

/** The bytes before the header: its length. */
export const LENGTH_BYTES = 8;

/** The name in the header that is not a tensor's. */
export const METADATA = "__metadata__";

/** The product of a shape's dimensions; undefined where one is no whole number, or the product too large to count. */
export function elementCount(shape: readonly unknown[]): number | undefined {
  let count = 1;
  for (const dimension of shape) {
    if (!Number.isSafeInteger(dimension) || (dimension as number) < 0) return undefined;
    count *= dimension as number;
    if (count > Number.MAX_SAFE_INTEGER) return undefined;
  }
  return count;
}
