import { backend_util } from "@tensorflow/tfjs-core";
import { sizeOf } from "../graph.ts";
import { hostTensor, numbersOf } from "./host.ts";
import type { Kernel, Kernels } from "./kernel.ts";
import { expandOp, filled, scatter } from "./shape.ts";

/** Sums or means of rows of data, chosen by indices, over segments whose identifiers ascend. */
function segmentReduction(mean: boolean): Kernel {
  return ({ backend, tensor }) => {
    const [data, indices, segments] = [tensor("data"), tensor("indices"), tensor("segmentIds")];
    if (indices.shape[0] !== segments.shape[0]) {
      throw new Error("segmentIds and indices should have same size.");
    }
    const ids = numbersOf(backend, segments);
    const rows = numbersOf(backend, indices);
    const values = numbersOf(backend, data);
    const [count = 0, ...rest] = data.shape;
    const columns = sizeOf(rest);
    const outRows = ids.length > 0 ? (ids.at(-1) as number) + 1 : 0;
    if (outRows < 0 || (ids.length > 0 && outRows === 0)) {
      throw new Error(backend_util.getSparseSegmentReductionNegativeSegmentIdsErrorMessage());
    }
    const sums = new Float64Array(outRows * columns);
    const sizes = new Int32Array(outRows);
    for (let i = 0; i < ids.length; i++) {
      const [segment, row] = [ids[i] as number, rows[i] as number];
      if (i > 0 && segment < (ids[i - 1] as number)) {
        throw new Error(
          backend_util.getSparseSegmentReductionNonIncreasingSegmentIdsErrorMessage(),
        );
      }
      if (segment < 0 || segment >= outRows) {
        throw new Error(
          backend_util.getSparseSegmentReductionSegmentIdOutOfRangeErrorMessage(segment, outRows),
        );
      }
      if (row < 0 || row >= count) {
        throw new Error(
          backend_util.getSparseSegmentReductionIndicesOutOfRangeErrorMessage(i, row, count),
        );
      }
      sizes[segment]!++;
      for (let j = 0; j < columns; j++)
        sums[segment * columns + j]! += values[row * columns + j] as number;
    }
    if (mean)
      sums.forEach(
        (sum, i) => (sums[i] = sum / Math.max(1, sizes[Math.floor(i / columns)] as number)),
      );
    return hostTensor(backend, sums, [outRows, ...rest], data.dtype);
  };
}

/** The shape with its -1, if it has one, worked out from the number of elements. */
function resolveShape(from: readonly number[], to: readonly number[]): number[] {
  const unknown = to.flatMap((size, i) => (size === -1 ? [i] : []));
  if (unknown.length > 1) {
    const [first, second] = unknown as [number, number];
    throw new Error(
      backend_util.getSparseReshapeMultipleNegativeOneOutputDimErrorMessage(first, second),
    );
  }
  to.forEach((size, i) => {
    if (size < -1)
      throw new Error(backend_util.getSparseReshapeNegativeOutputDimErrorMessage(i, size));
  });
  const [count, known] = [sizeOf(from), sizeOf(to.filter((size) => size !== -1))];
  if (unknown.length > 0 && known <= 0) {
    throw new Error(backend_util.getSparseReshapeEmptyTensorZeroOutputDimErrorMessage());
  }
  const shape = to.map((size) => (size === -1 ? Math.trunc(count / known) : size));
  if (sizeOf(shape) !== count) {
    const plain = to.map((size) => (size === -1 ? 1 : size));
    throw new Error(
      unknown.length > 0
        ? backend_util.getSparseReshapeInputOutputMultipleErrorMessage([...from], plain)
        : backend_util.getSparseReshapeInputOutputMismatchErrorMessage([...from], shape),
    );
  }
  return shape;
}

export const sparseKernels: Kernels = {
  SparseToDense: ({ graph, input, tensor, attributes: { outputShape } }) => {
    backend_util.calculateShapes(tensor("sparseValues"), tensor("sparseIndices"), outputShape);
    const values = input("sparseValues");
    const carried = values.type === "bool" ? graph.cast(values, "int32") : values;
    const fallback = graph.cast(input("defaultValue"), carried.type);
    const { shape } = tensor("sparseIndices");
    const [rows, depth] = shape.length === 2 ? shape : [sizeOf(shape), 1];
    const indices = graph.reshape(input("sparseIndices"), [rows, depth] as number[]);
    const slice = outputShape.slice(depth);
    const updates =
      values.shape.length === 0 ? expandOp(graph, carried, [rows as number, ...slice]) : carried;
    const base =
      sizeOf(fallback.shape) === 1
        ? expandOp(graph, graph.reshape(fallback, []), outputShape)
        : filled(graph, outputShape, carried.type, 0);
    return graph.cast(scatter(graph, base, indices, updates), values.type);
  },
  SparseSegmentSum: segmentReduction(false),
  SparseSegmentMean: segmentReduction(true),
  SparseReshape: ({ backend, tensor }) => {
    const indices = tensor("inputIndices");
    const from = [...numbersOf(backend, tensor("inputShape"))];
    const to = resolveShape(from, [...numbersOf(backend, tensor("newShape"))]);
    const values = numbersOf(backend, indices);
    const count = indices.shape[0] as number;
    const moved = Array.from({ length: count }, (_, i) => {
      let at = from.reduce(
        (sum, size, j) => sum * size + (values[i * from.length + j] as number),
        0,
      );
      return to.map((_size, j) => {
        const stride = sizeOf(to.slice(j + 1));
        const index = Math.trunc(at / stride);
        at %= stride;
        return index;
      });
    });
    return [
      hostTensor(backend, moved.flat(), [count, to.length], indices.dtype),
      hostTensor(backend, to, [to.length], tensor("newShape").dtype),
    ];
  },
  SparseFillEmptyRows: ({ backend, tensor }) => {
    const [indices, values] = [tensor("indices"), tensor("values")];
    const positions = numbersOf(backend, indices);
    const given = numbersOf(backend, values);
    const [denseRows = 0] = numbersOf(backend, tensor("denseShape"));
    const [fallback] = numbersOf(backend, tensor("defaultValue"));
    const [count, rank] = indices.shape as [number, number];
    if (denseRows === 0 && count !== 0) {
      throw new Error(backend_util.getSparseFillEmptyRowsIndicesDenseShapeMismatch(count));
    }
    const rows = Array.from({ length: denseRows }, (): number[] => []);
    for (let i = 0; i < count; i++) {
      const row = positions[i * rank] as number;
      if (row < 0) {
        throw new Error(backend_util.getSparseFillEmptyRowsNegativeIndexErrorMessage(i, row));
      }
      if (row >= denseRows) {
        throw new Error(
          backend_util.getSparseFillEmptyRowsOutOfRangeIndexErrorMessage(i, row, denseRows),
        );
      }
      rows[row]?.push(i);
    }
    const outIndices: number[] = [];
    const outValues: number[] = [];
    const reverse = new Int32Array(count);
    rows.forEach((entries, row) => {
      for (const i of entries) {
        reverse[i] = outValues.length;
        outIndices.push(...positions.slice(i * rank, (i + 1) * rank));
        outValues.push(given[i] as number);
      }
      if (entries.length === 0) {
        outIndices.push(row, ...Array.from({ length: rank - 1 }, () => 0));
        outValues.push(fallback as number);
      }
    });
    const empty = rows.map((entries) => Number(entries.length === 0));
    return [
      hostTensor(backend, outIndices, [outValues.length, rank], indices.dtype),
      hostTensor(backend, outValues, [outValues.length], values.dtype),
      hostTensor(backend, empty, [denseRows], "bool"),
      hostTensor(backend, reverse, [count], indices.dtype),
    ];
  },
};
