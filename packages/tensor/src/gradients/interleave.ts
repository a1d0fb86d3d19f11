import { pad, reshape, slice, type Tensor } from "@tensorflow/tfjs-core";

/**
 * Puts `stride` - 1 zeros between the elements along an axis: n of them become (n - 1) stride + 1.
 * The transpose of taking every `stride`-th element.
 */
export function interleave(x: Tensor, axis: number, stride: number): Tensor {
  if (stride === 1) return x;
  const n = x.shape[axis] as number;
  const outer = x.shape.slice(0, axis).reduce((product, m) => product * m, 1);
  const inner = x.shape.slice(axis + 1).reduce((product, m) => product * m, 1);
  const spaced = reshape(
    pad(reshape(x, [outer * n, 1, inner]), [
      [0, 0],
      [0, stride - 1],
      [0, 0],
    ]),
    [outer, n * stride, inner],
  );
  const trimmed = slice(spaced, [0, 0, 0], [outer, (n - 1) * stride + 1, inner]);
  return reshape(trimmed, [
    ...x.shape.slice(0, axis),
    (n - 1) * stride + 1,
    ...x.shape.slice(axis + 1),
  ]);
}
