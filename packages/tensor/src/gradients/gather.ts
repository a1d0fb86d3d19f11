import {
  add,
  fill,
  gather,
  gatherND,
  type GradConfig,
  greater,
  matMul,
  oneHot,
  onesLike,
  reshape,
  scatterND,
  type Tensor,
  tensor,
  topk,
  unsortedSegmentSum,
  where,
  zerosLike,
} from "@tensorflow/tfjs-core";
import { gradient, gradientOfOutputs, hasKernel } from "./define.ts";
import { stopGradient } from "./stop-gradient.ts";

const product = (shape: readonly number[]): number => shape.reduce((result, n) => result * n, 1);

/** An index has no gradient: what it selects is constant by pieces. */
const ofIndices = (indices: Tensor) => (): Tensor => fill(indices.shape, 0);

export const gatherGradients: readonly GradConfig[] = [
  gradient<"x" | "indices", { axis: number; batchDims: number }>(
    "GatherV2",
    ["x", "indices"],
    (dy, { x, indices }, { axis, batchDims }) => ({
      x: () => ungather(dy, x, indices, axis, batchDims),
      indices: ofIndices(indices),
    }),
  ),
  gradient("GatherNd", ["params", "indices"], (dy, { params, indices }) => ({
    params: () => scatterND(indices, dy, params.shape as [number]),
    indices: ofIndices(indices),
  })),
  gradient("ScatterNd", ["indices"], (dy, { indices }) => ({
    updates: () => gatherND(dy, indices),
    indices: ofIndices(indices),
  })),
  gradient("TensorScatterUpdate", ["indices", "updates"], (dy, { indices, updates }) => ({
    // Not by the kernel itself: on the cpu backend it overwrites its input.
    tensor: () => {
      const written = scatterND(indices, onesLike(updates), dy.shape as [number]);
      return where(stopGradient(greater(written, 0)), zerosLike(dy), dy);
    },
    updates: () => gatherND(dy, indices),
    indices: ofIndices(indices),
  })),
  gradient("UnsortedSegmentSum", ["segmentIds"], (dy, { segmentIds }) => ({
    x: () => gather(dy, segmentIds),
    segmentIds: ofIndices(segmentIds),
  })),
  gradientOfOutputs<"x", { k: number }>("TopK", "x", ([dy], x, { k }) => {
    const n = x.shape[x.rank - 1] as number;
    const count = x.size / n;
    const chosen = oneHot(reshape(topk(x, k).indices, [count, k]), n);
    return reshape(matMul(reshape(dy as Tensor, [count, 1, k]), chosen), x.shape);
  }),
];

/**
 * The transpose of a gather, as one sum over segments without a transposition: row i of the gathered axis in outer
 * position o goes to segment o n + index[i].
 */
function ungather(dy: Tensor, x: Tensor, indices: Tensor, axis: number, batchDims: number): Tensor {
  const along = axis < 0 ? axis + x.rank : axis;
  const n = x.shape[along] as number;
  const batch = product(x.shape.slice(0, batchDims));
  const outer = product(x.shape.slice(batchDims, along));
  const inner = product(x.shape.slice(along + 1));
  const picked = indices.size / batch;
  const ids =
    batch * outer === 1
      ? reshape(indices, [picked])
      : reshape(
          add(
            reshape(indices, [batch, 1, picked]),
            tensor(
              Int32Array.from({ length: batch * outer }, (_, o) => o * n),
              [batch, outer, 1],
              "int32",
            ),
          ),
          [batch * outer * picked],
        );
  return reshape(
    segmentSum(reshape(dy, [batch * outer * picked, inner]), ids, batch * outer * n),
    x.shape,
  );
}

/** Sums rows [m, d] by segment. As a product with the indicator matrix on a backend that has no other way (wasm). */
function segmentSum(rows: Tensor, ids: Tensor, segments: number): Tensor {
  if (hasKernel("UnsortedSegmentSum")) return unsortedSegmentSum(rows, ids as never, segments);
  return matMul(oneHot(ids, segments), rows, true);
}
