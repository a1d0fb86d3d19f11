import type { Tensor } from "@gen/tensor";

/**
 * Numbers of many examples, some at once: no more memory than for those.
 *
 * @param part what examples first … first + count − 1 become; freed here
 * @returns all of them, one after another
 */
export async function inParts(
  total: number,
  atOnce: number,
  part: (first: number, count: number) => Tensor,
): Promise<Float32Array> {
  const parts: Float32Array[] = [];
  for (let first = 0; first < total; first += atOnce) {
    const tensor = part(first, Math.min(atOnce, total - first));
    try {
      parts.push(Float32Array.from(await tensor.data()));
    } finally {
      tensor.dispose();
    }
  }
  const result = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const numbers of parts) {
    result.set(numbers, at);
    at += numbers.length;
  }
  return result;
}
