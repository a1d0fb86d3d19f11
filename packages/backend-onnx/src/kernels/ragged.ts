import { backend_util, type TensorInfo, util } from "@tensorflow/tfjs-core";
import { sizeOf } from "../graph.ts";
import { hostTensor, numbersOf } from "./host.ts";
import type { Kernels } from "./kernel.ts";

// A ragged tensor is a list of values and, for each ragged axis, the splits at which its rows begin and end.

const largestInt = 2 ** 31 - 1;

function requireSplits(splits: readonly number[][], count: number): void {
  splits.forEach((row, axis) => {
    const last = axis === splits.length - 1 ? count : (splits[axis + 1] as number[]).length;
    if (row.length === 0) throw new Error("Ragged splits may not be empty");
    if ((row[0] as number) < 0) throw new Error("Ragged splits must be non-negative");
    if ((row.at(-1) as number) > last) {
      throw new Error("Ragged splits must not point past values");
    }
    if (row.some((split, i) => i > 0 && (row[i - 1] as number) > split)) {
      throw new Error("Ragged splits must be sorted in ascending order");
    }
  });
}

/** How the rows of one axis lie: the row of each of its elements. */
function rowIdsOf(type: backend_util.RowPartitionType, partition: readonly number[]): number[] {
  if (type === backend_util.RowPartitionType.VALUE_ROWIDS) return [...partition];
  if (type !== backend_util.RowPartitionType.ROW_SPLITS) {
    throw new Error(`Unsupported partition type: ${backend_util.RowPartitionType[type]}`);
  }
  return partition.slice(1).flatMap((end, row) => {
    const length = end - (partition[row] as number);
    return Array.from({ length }, () => row);
  });
}

/** The place of each element in its row. */
function columnsOf(rowIds: readonly number[]): number[] {
  const columns: number[] = [];
  rowIds.forEach((row, i) =>
    columns.push(i > 0 && rowIds[i - 1] === row ? (columns[i - 1] as number) + 1 : 0),
  );
  return columns;
}

export const raggedKernels: Kernels = {
  RaggedRange: ({ backend, tensor }) => {
    const inputs = ["starts", "limits", "deltas"].map((name) => {
      const { shape } = tensor(name);
      if (shape.length > 1) throw new Error(`${name} must be a scalar or vector`);
      return { numbers: numbersOf(backend, tensor(name)), shape };
    });
    const sizes = inputs.flatMap(({ shape }) => shape);
    if (sizes.some((size) => size !== sizes[0])) {
      throw new Error("starts, limits, and deltas must have the same shape");
    }
    const splits = [0];
    const values: number[] = [];
    for (let row = 0; row < (sizes[0] ?? 1); row++) {
      const [start, limit, delta] = inputs.map(({ numbers, shape }) =>
        shape.length === 0 ? numbers[0] : numbers[row],
      ) as [number, number, number];
      if (delta === 0) throw new Error("Requires delta != 0");
      const size = Math.max(0, Math.ceil((limit - start) / delta));
      if (size > largestInt) {
        throw new Error(`Requires ((limit - start) / delta) <= ${largestInt}`);
      }
      for (let i = 0; i < size; i++) values.push(start + i * delta);
      splits.push(values.length);
    }
    return [
      hostTensor(backend, splits, [splits.length], "int32"),
      hostTensor(backend, values, [values.length], tensor("starts").dtype),
    ];
  },
  RaggedGather: ({ backend, tensor }) => {
    const nested = tensor("paramsNestedSplits") as unknown as TensorInfo[];
    const [dense, indices] = [tensor("paramsDenseValues"), tensor("indices")];
    if (nested.length === 0) throw new Error("paramsNestedSplits must be non empty");
    if (nested[0]?.shape.length === 0) throw new Error("Split tensors must not be scalars");
    const splits = nested.map((each) => [...numbersOf(backend, each)]);
    const rows = (splits[0] as number[]).length - 1;
    const chosen = numbersOf(backend, indices);
    chosen.forEach((index, i) => {
      if (index >= 0 && index < rows) return;
      const at = util.indexToLoc(i, indices.shape.length, util.computeStrides(indices.shape));
      throw new Error(`indices[${at.join()}] = ${index} is not in [0, ${rows})`);
    });
    if (dense.shape.length === 0) throw new Error("params.rank must be nonzero");
    const [count, ...element] = dense.shape as [number, ...number[]];
    requireSplits(splits, count);

    // The axes of the indices are regular; below them each chosen row brings its own.
    const outer = indices.shape.slice(0, -1).map((_, axis) => {
      const total = sizeOf(indices.shape.slice(0, axis + 1));
      return Array.from({ length: total + 1 }, (_, i) => i * (indices.shape[axis + 1] as number));
    });
    const inner = splits.map(() => [0]);
    const kept: number[] = [];
    for (const index of chosen) {
      let [start, end] = [index, index + 1];
      splits.forEach((row, axis) => {
        const out = inner[axis] as number[];
        const shift = (out.at(-1) as number) - (row[start] as number);
        for (let i = start; i < end; i++) out.push((row[i + 1] as number) + shift);
        [start, end] = [row[start] as number, row[end] as number];
      });
      for (let i = start; i < end; i++) kept.push(i);
    }
    const size = sizeOf(element);
    const values = numbersOf(backend, dense);
    const gathered = kept.flatMap((i) => Array.from(values.slice(i * size, (i + 1) * size)));
    return [
      // One row alone, by a scalar index, is not ragged at its first axis.
      ...[...outer, ...inner.slice(indices.shape.length === 0 ? 1 : 0)].map((each) =>
        hostTensor(backend, each, [each.length], "int32"),
      ),
      hostTensor(backend, gathered, [kept.length, ...element], dense.dtype),
    ];
  },
  RaggedTensorToTensor: ({ backend, tensor, attributes: { rowPartitionTypes } }) => {
    const { FIRST_DIM_SIZE, ROW_SPLITS } = backend_util.RowPartitionType;
    const [shape, values, fallback] = [tensor("shape"), tensor("values"), tensor("defaultValue")];
    const types = backend_util.getRowPartitionTypesHelper(rowPartitionTypes);
    const raggedRank = backend_util.getRaggedRank(types);
    const partitions = (tensor("rowPartitionTensors") as unknown as TensorInfo[]).map((each) => [
      ...numbersOf(backend, each),
    ]);
    const [first] = partitions as [number[]];
    if (first.length === 0) {
      throw new Error("Invalid first partition input. Tensor requires at least one element.");
    }
    if (types[0] !== FIRST_DIM_SIZE && types[0] !== ROW_SPLITS) {
      throw new Error("The first axis must be given by its size or by row splits");
    }
    const rows = types[0] === FIRST_DIM_SIZE ? (first[0] as number) : first.length - 1;
    const skip = types[0] === FIRST_DIM_SIZE ? 1 : 0;
    const rowIds = Array.from({ length: raggedRank }, (_, axis) =>
      rowIdsOf(types[axis + skip] as never, partitions[axis + skip] as number[]),
    );
    const columns = rowIds.map(columnsOf);

    backend_util.validateDefaultValueShape(fallback.shape, values.shape);
    const asked = [...numbersOf(backend, shape)];
    if (shape.shape.length === 0 && asked[0] !== -1) {
      throw new Error("A scalar shape must be -1: all of it unknown");
    }
    const known = shape.shape.length === 0 ? [] : asked;
    const outShape = backend_util
      .combineRaggedTensorToTensorShapes(raggedRank, known, values.shape)
      .map((size, axis) => {
        if (size >= 0) return size;
        return axis === 0 ? rows : 1 + Math.max(-1, ...(columns[axis - 1] as number[]));
      });

    // Where each element of each axis goes, in elements of that axis; -1 for what does not fit.
    let places = Array.from({ length: rows }, (_, row) =>
      row < (outShape[0] as number) ? row : -1,
    );
    for (let axis = 0; axis < raggedRank; axis++) {
      const width = outShape[axis + 1] as number;
      places = (rowIds[axis] as number[]).map((row, i) => {
        const parent = places[row];
        if (parent === undefined) throw new Error(`Row ${row} is beyond the ${places.length} rows`);
        const column = columns[axis]?.[i] as number;
        return parent < 0 || column >= width ? -1 : parent * width + column;
      });
    }
    const element = outShape.slice(raggedRank + 1);
    const size = sizeOf(element);
    const padding = broadcast(numbersOf(backend, fallback), fallback.shape, element);
    const given = numbersOf(backend, values);
    const out = Array.from({ length: sizeOf(outShape) }, (_, i) => padding[i % size] as number);
    places.forEach((place, i) => {
      if (place < 0) return;
      for (let j = 0; j < size; j++) out[place * size + j] = given[i * size + j] as number;
    });
    return hostTensor(backend, out, outShape, values.dtype);
  },
};

function broadcast(
  numbers: ArrayLike<number>,
  from: readonly number[],
  to: readonly number[],
): number[] {
  const strides = util.computeStrides([...to, 1]);
  return Array.from({ length: sizeOf(to) }, (_, i) => {
    let at = 0;
    from.forEach((size, axis) => {
      const outAxis = to.length - from.length + axis;
      const index = Math.floor(i / (strides[outAxis] as number)) % (to[outAxis] as number);
      at = at * size + (size === 1 ? 0 : index);
    });
    return numbers[at] as number;
  });
}
