import type { ConvGeometry } from "./conv-geometry.ts";

/** Some rows of a filter, which meet the same rows of the result inside of the image. */
export interface RowsInside {
  /** The convolution of the image with these rows of the filter, to those of the result. */
  geometry: ConvGeometry;
  /** Of the result. */
  rows: readonly [from: number, to: number];
}

/** What is left of a filter gradient without zeros from outside, as a part of the whole, where it is done in parts. */
const worthwhile = 0.9;

/**
 * The rows of a filter in order, in such parts: a filter gradient then multiplies no rows of zeros above and below an image.
 * All in one where the image is not so small that these are many.
 */
export function rowsInside(
  geometry: ConvGeometry,
  height: number,
  outHeight: number,
): RowsInside[] {
  const { kernel, strides, dilations, pads } = geometry;
  const [[kh, kw], [s], [d], [top, left, , right]] = [kernel, strides, dilations, pads];
  const meets = Array.from({ length: kh }, (_, tap) => [
    Math.max(0, Math.ceil((top - tap * d) / s)),
    Math.min(outHeight, Math.floor((height - 1 + top - tap * d) / s) + 1),
  ]) as [from: number, to: number][];
  const counts = meets.map(([from, to]) => to - from);
  const inside = counts.reduce((sum, count) => sum + count, 0);
  if (inside > worthwhile * kh * outHeight || counts.some((count) => count <= 0))
    return [{ geometry, rows: [0, outHeight] }];

  const parts: RowsInside[] = [];
  for (let tap = 0; tap < kh;) {
    const [from, to] = meets[tap]!;
    let next = tap + 1;
    while (meets[next]?.[0] === from && meets[next]?.[1] === to) next++;
    const above = top - from * s - tap * d;
    const below = (to - from - 1) * s + (next - tap - 1) * d + 1 - above - height;
    parts.push({
      geometry: { ...geometry, kernel: [next - tap, kw], pads: [above, left, below, right] },
      rows: [from, to],
    });
    tap = next;
  }
  return parts;
}
