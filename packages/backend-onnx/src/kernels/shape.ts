import { backend_util, gather_util, slice_util, util } from "@tensorflow/tfjs-core";
import { type Graph, sameShape, sizeOf, type Value } from "../graph.ts";
import type { ElementType } from "../onnx/types.ts";
import { whereOp } from "./binary.ts";
import { hostTensor } from "./host.ts";
import { isHost } from "../runtime/data.ts";
import type { Kernel, Kernels } from "./kernel.ts";

/** The values from `begin` up to `begin + size` along every axis. */
export function sliceOp(
  graph: Graph,
  x: Value,
  begin: readonly number[],
  size: readonly number[],
  steps?: readonly number[],
): Value {
  const axes = x.shape
    .map((_, axis) => axis)
    .filter((axis) => begin[axis] !== 0 || size[axis] !== x.shape[axis]);
  if (axes.length === 0) return x;
  const starts = axes.map((axis) => begin[axis] as number);
  const ends = axes.map((axis) => (begin[axis] as number) + (size[axis] as number));
  const inputs = [x, graph.ints(starts), graph.ints(ends), graph.ints(axes)];
  if (steps) inputs.push(graph.ints(axes.map((axis) => steps[axis] as number)));
  return graph.op("Slice", inputs, { shape: size });
}

export function concatOp(graph: Graph, values: readonly Value[], axis: number): Value {
  const first = values[0] as Value;
  if (values.length === 1) return first;
  const shape = [...first.shape];
  shape[axis] = values.reduce((total, value) => total + (value.shape[axis] as number), 0);
  return graph.op("Concat", values, { shape, attributes: { axis: { int: axis } } });
}

export function padOp(
  graph: Graph,
  x: Value,
  paddings: readonly (readonly [number, number])[],
  value = 0,
): Value {
  if (paddings.every(([before, after]) => before === 0 && after === 0)) return x;
  const shape = x.shape.map((size, i) => size + (paddings[i]?.[0] ?? 0) + (paddings[i]?.[1] ?? 0));
  const pads = graph.ints([
    ...paddings.map(([before]) => before),
    ...paddings.map(([, after]) => after),
  ]);
  return graph.op("Pad", [x, pads, graph.scalar(value, x.type)], { shape });
}

export function expandOp(graph: Graph, x: Value, shape: readonly number[]): Value {
  return graph.op("Expand", [x, graph.ints(shape)], { shape });
}

/** ONNX's operators that move data skip booleans here and there: carry those as int32. */
function carried(graph: Graph, x: Value, body: (x: Value) => Value): Value {
  return x.type === "bool" ? graph.cast(body(graph.cast(x, "int32")), "bool") : body(x);
}

const reshape: Kernel = ({ backend, tensor, attributes: { shape } }) => {
  const x = tensor("x");
  return backend.share(x, util.inferFromImplicitShape(shape, util.sizeFromShape(x.shape)));
};

export function filled(
  graph: Graph,
  shape: readonly number[],
  type: ElementType,
  value: number,
): Value {
  return expandOp(graph, graph.scalar(value, type), shape);
}

/** A list of numbers made by the kernel itself: data, not structure. */
export function made(data: Float32Array | Int32Array): Value {
  const type = data instanceof Int32Array ? "int32" : "float32";
  return { type, shape: [data.length], node: undefined, data, constant: undefined };
}

/** Writes rows of `updates` into x, at the positions that the last axis of `indices` names. */
export function scatter(graph: Graph, x: Value, indices: Value, updates: Value): Value {
  const depth = indices.shape.length > 1 ? (indices.shape.at(-1) as number) : 1;
  const rows = sizeOf(indices.shape) / depth;
  return graph.op("ScatterND", [
    x,
    graph.reshape(graph.cast(indices, "int64"), [rows, depth]),
    graph.reshape(updates, [rows, ...x.shape.slice(depth)]),
  ]);
}

/**
 * Adds rows up: the sum of all rows of `updates` with the same index, in `count` rows of the given shape. ONNX Runtime's
 * `ScatterND` adds on several threads at once and loses rows where an index occurs twice; `ScatterElements` adds on one.
 */
export function addRows(
  graph: Graph,
  updates: Value,
  indices: Value,
  count: number,
  shape: readonly number[],
): Value {
  const [rows, size] = [sizeOf(indices.shape), sizeOf(shape)];
  const zeros = filled(graph, [count, size], updates.type, 0);
  const column = graph.reshape(graph.cast(indices, "int32"), [rows, 1]);
  const columns = expandOp(graph, column, [rows, size]);
  const sums = graph.op("ScatterElements", [zeros, columns, graph.reshape(updates, [rows, size])], {
    attributes: { axis: { int: 0 }, reduction: { string: "add" } },
  });
  return graph.reshape(sums, [count, ...shape]);
}

/** Up to this many segments, a product is faster than adding one element after the other. */
const productSegments = 1024;

/** Indices that are known already must lie within the axis. */
function requireIndices(indices: Value, size: number): void {
  if (indices.node || !isHost(indices.data)) return;
  const wrong = indices.data.find((index) => index < 0 || index >= size);
  if (wrong !== undefined) {
    throw new Error(`GatherV2: the index value ${wrong} is not in [0, ${size - 1}]`);
  }
}

export const shapeKernels: Kernels = {
  Identity: ({ backend, tensor }) => backend.share(tensor("x")),
  Reshape: reshape,
  ExpandDims: ({ backend, tensor, attributes: { dim } }) => {
    const { shape } = tensor("input") as { shape: number[] };
    const at = dim < 0 ? shape.length + dim + 1 : dim;
    util.assert(at >= 0, () => `expandDims: the axis ${dim} is below -${shape.length + 1}`);
    return backend.share(tensor("input"), [...shape.slice(0, at), 1, ...shape.slice(at)]);
  },
  Transpose: ({ graph, input, attributes: { perm } }) => graph.transpose(input("x"), perm),
  Concat: ({ graph, inputs, attributes: { axis } }) => {
    const values = inputs();
    const [along = 0] = util.parseAxisParam(axis, [...(values[0]?.shape ?? [])]);
    const shapes = values.map((value) => [...value.shape]);
    backend_util.assertParamsConsistent(shapes, along);
    const filledValues = values.filter((value) => sizeOf(value.shape) > 0);
    if (filledValues.length > 0) return concatOp(graph, filledValues, along);
    const shape = backend_util.computeOutShape(shapes, along);
    return graph.reshape(values[0] as Value, shape);
  },
  Pack: ({ graph, inputs, attributes: { axis } }) => {
    const values = inputs();
    const [first] = values as [Value];
    const other = values.find((x) => !sameShape(x.shape, first.shape) || x.type !== first.type);
    if (other) {
      throw new Error(
        `stack: all tensors must be alike, but one is ${other.type} [${other.shape}] and the first is ${first.type} [${first.shape}]`,
      );
    }
    const along = axis < 0 ? axis + first.shape.length + 1 : axis;
    const shape = [...first.shape.slice(0, along), 1, ...first.shape.slice(along)];
    return concatOp(
      graph,
      values.map((x) => graph.reshape(x, shape)),
      along,
    );
  },
  Unpack: ({ graph, input, attributes: { axis } }) => {
    const x = input("value");
    const along = axis < 0 ? axis + x.shape.length : axis;
    const count = x.shape[along] as number;
    const part = x.shape.map((size, i) => (i === along ? 1 : size));
    const shape = x.shape.filter((_, i) => i !== along);
    return splitOp(
      graph,
      x,
      Array.from({ length: count }, () => 1),
      along,
      part,
    ).map((value) => graph.reshape(value, shape));
  },
  SplitV: ({ graph, input, attributes: { numOrSizeSplits, axis } }) => {
    const x = input("x");
    const [along = 0] = util.parseAxisParam(axis, [...x.shape]);
    return splitOp(
      graph,
      x,
      backend_util.prepareSplitSize(x as never, numOrSizeSplits, along),
      along,
    );
  },
  Slice: ({ graph, input, attributes: { begin, size } }) => {
    const x = input("x");
    const [starts, sizes] = slice_util.parseSliceParams(
      { shape: [...x.shape] } as never,
      begin,
      size,
    ) as [number[], number[]];
    slice_util.assertParamsValid(
      { shape: [...x.shape], rank: x.shape.length } as never,
      starts,
      sizes,
    );
    return carried(graph, x, (v) => sliceOp(graph, v, starts, sizes));
  },
  StridedSlice: ({ graph, input, attributes }) => {
    const x = input("x");
    const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } =
      attributes;
    const info = slice_util.sliceInfo(
      [...x.shape],
      begin,
      end,
      strides,
      beginMask,
      endMask,
      ellipsisMask,
      newAxisMask,
      shrinkAxisMask,
    );
    const { finalShape, begin: starts, end: ends, strides: steps } = info;
    if (finalShape.some((size) => size === 0)) {
      return graph.constant(
        x.type,
        finalShape,
        x.type === "int32" ? new Int32Array() : new Float32Array(),
        "",
      );
    }
    const sparse = graph.op(
      "Slice",
      // An end before the first element is asked for by a number that ONNX clamps there.
      [
        x,
        graph.ints(starts),
        graph.ints(ends.map((e, i) => (e < 0 && (steps[i] as number) < 0 ? -(2 ** 31) : e))),
        graph.ints(starts.map((_, axis) => axis)),
        graph.ints(steps),
      ],
      {
        shape: starts.map((start, i) =>
          Math.ceil(((ends[i] as number) - start) / (steps[i] as number)),
        ),
      },
    );
    return graph.reshape(sparse, finalShape);
  },
  PadV2: ({ graph, input, attributes: { paddings, constantValue } }) =>
    carried(graph, input("x"), (x) => padOp(graph, x, paddings, constantValue)),
  MirrorPad: ({ graph, input, attributes: { paddings, mode } }) => {
    const x = input("x");
    const pads = paddings as [number, number][];
    if (mode === "symmetric") {
      // ONNX mirrors without the edge: gather along each axis that is padded.
      return pads.reduce((value, [before, after], axis) => {
        const size = value.shape[axis] as number;
        if (before === 0 && after === 0) return value;
        const indices = Array.from({ length: size + before + after }, (_, i) => {
          const at = i - before;
          return at < 0 ? -at - 1 : at >= size ? 2 * size - at - 1 : at;
        });
        return gatherConstant(graph, value, indices, axis);
      }, x);
    }
    const shape = x.shape.map((size, i) => size + (pads[i]?.[0] ?? 0) + (pads[i]?.[1] ?? 0));
    const sides = graph.ints([
      ...pads.map(([before]) => before),
      ...pads.map(([, after]) => after),
    ]);
    return graph.op("Pad", [x, sides], { shape, attributes: { mode: { string: "reflect" } } });
  },
  Tile: ({ graph, input, attributes: { reps } }) => {
    const x = input("x");
    const shape = x.shape.map((size, i) => size * reps[i]);
    return carried(graph, x, (v) => graph.op("Tile", [v, graph.ints(reps)], { shape }));
  },
  BroadcastTo: ({ graph, input, attributes: { shape } }) => expandOp(graph, input("x"), shape),
  Reverse: ({ graph, input, attributes: { dims } }) => {
    const x = input("x");
    const axes = util.parseAxisParam(dims, [...x.shape]);
    if (axes.length === 0 || x.shape.length === 0) return x;
    return graph.op("Slice", [
      x,
      graph.ints(axes.map((axis) => (x.shape[axis] as number) - 1)),
      graph.ints(axes.map(() => -(2 ** 31))),
      graph.ints(axes),
      graph.ints(axes.map(() => -1)),
    ]);
  },
  GatherV2: ({ graph, input, tensor, attributes: { axis, batchDims: batchAxes = 0 } }) => {
    const x = input("x");
    const indices = input("indices");
    const along = axis < 0 ? axis + x.shape.length : axis;
    const batchDims = batchAxes < 0 ? batchAxes + indices.shape.length : batchAxes;
    backend_util.segment_util.collectGatherOpShapeInfo(
      tensor("x") as never,
      tensor("indices") as never,
      along,
      batchAxes,
    );
    requireIndices(indices, x.shape[along] as number);
    if (batchDims === 0) {
      const shape = [...x.shape.slice(0, along), ...indices.shape, ...x.shape.slice(along + 1)];
      return graph.op("Gather", [x, indices], { shape, attributes: { axis: { int: along } } });
    }
    // Batches: number all rows of the batches in one list and gather from that.
    const batch = sizeOf(x.shape.slice(0, batchDims));
    const moved = graph.transpose(x, [
      ...x.shape.map((_, i) => i).slice(0, batchDims),
      along,
      ...x.shape
        .map((_, i) => i)
        .slice(batchDims)
        .filter((i) => i !== along),
    ]);
    const count = x.shape[along] as number;
    const rest = moved.shape.slice(batchDims + 1);
    const perBatch = sizeOf(indices.shape) / batch;
    const offsets = graph.constant(
      "int32",
      [batch, 1],
      Int32Array.from({ length: batch }, (_, i) => i * count),
      `offsets ${batch} ${count}`,
    );
    const flat = graph.op(
      "Add",
      [graph.reshape(graph.cast(indices, "int32"), [batch, perBatch]), offsets],
      {
        shape: [batch, perBatch],
      },
    );
    const rows = graph.op("Gather", [graph.reshape(moved, [batch * count, ...rest]), flat], {
      shape: [batch, perBatch, ...rest],
      attributes: { axis: { int: 0 } },
    });
    const indexShape = indices.shape.slice(batchDims);
    const gathered = graph.reshape(rows, [...indices.shape, ...rest]);
    const between = along - batchDims;
    const order = gathered.shape.map((_, i) => i);
    const axes = [
      ...order.slice(0, batchDims),
      ...order.slice(batchDims + indexShape.length, batchDims + indexShape.length + between),
      ...order.slice(batchDims, batchDims + indexShape.length),
      ...order.slice(batchDims + indexShape.length + between),
    ];
    return graph.transpose(gathered, axes);
  },
  GatherNd: ({ graph, input, tensor }) => {
    gather_util.prepareAndValidate(tensor("params"), tensor("indices"));
    const x = input("params");
    const indices = input("indices");
    const depth = indices.shape.at(-1) as number;
    return graph.op("GatherND", [x, graph.cast(indices, "int64")], {
      shape: [...indices.shape.slice(0, -1), ...x.shape.slice(depth)],
    });
  },
  ScatterNd: ({ graph, input, attributes: { shape } }) => {
    // Positions in the first axes, as one number.
    const indices = graph.cast(input("indices"), "int32");
    const depth = indices.shape.length > 1 ? (indices.shape.at(-1) as number) : 1;
    const strides = Int32Array.from({ length: depth }, (_, i) => sizeOf(shape.slice(i + 1, depth)));
    const factors = graph.constant("int32", [depth], strides, strides.join());
    const rows = sizeOf(indices.shape) / depth;
    const positions = graph.op("Mul", [graph.reshape(indices, [rows, depth]), factors]);
    const flat = graph.op("ReduceSum", [positions, graph.ints([1])], { shape: [rows, 1] });
    const rest = shape.slice(depth);
    const sums = addRows(graph, input("updates"), flat, sizeOf(shape.slice(0, depth)), rest);
    return graph.reshape(sums, shape);
  },
  TensorScatterUpdate: ({ graph, input }) =>
    scatter(graph, input("tensor"), input("indices"), input("updates")),
  UnsortedSegmentSum: ({ graph, input, attributes: { numSegments } }) => {
    const x = input("x");
    const ids = graph.cast(input("segmentIds"), "int32");
    const rows = sizeOf(ids.shape);
    const rest = x.shape.slice(ids.shape.length);
    const shape = [numSegments, ...rest];
    if (x.type === "float32" && numSegments <= productSegments) {
      // The table of who belongs where, times the rows: infinity in a row makes NaN of its column.
      const numbers = Int32Array.from({ length: numSegments }, (_, i) => i);
      const all = graph.constant("int32", [numSegments, 1], numbers, `numbers ${numSegments}`);
      const table = { shape: [numSegments, rows], type: "bool" } as const;
      const belongs = graph.op("Equal", [all, graph.reshape(ids, [1, rows])], table);
      const matrix = graph.reshape(x, [rows, sizeOf(rest)]);
      const sums = graph.op("MatMul", [graph.cast(belongs, "float32"), matrix], {
        shape: [numSegments, sizeOf(rest)],
      });
      return graph.reshape(sums, shape);
    }
    // Rows with negative identifiers go to one segment more, which is cut off.
    const negative = graph.op("Less", [ids, graph.scalar(0, "int32")], { type: "bool" });
    const kept = whereOp(graph, negative, graph.scalar(numSegments, "int32"), ids);
    const sums = addRows(graph, x, kept, numSegments + 1, rest);
    const begin = shape.map(() => 0);
    return sliceOp(graph, sums, begin, shape);
  },
  Fill: (call) => {
    const {
      graph,
      attributes: { shape, value, dtype },
    } = call;
    const type = dtype ?? util.inferDtype(value);
    if (type === "string") {
      const strings = Array.from({ length: sizeOf(shape) }, () => util.encodeString(value));
      return hostTensor(call.backend, strings, shape, "string");
    }
    // Ones and zeros are written into the graph; any other number is data, so that changing it recompiles nothing.
    if (value === 0 || value === 1) return filled(graph, shape, type, Number(value));
    const data = type === "int32" ? Int32Array.of(value) : Float32Array.of(value);
    return expandOp(graph, graph.reshape(made(data), []), shape);
  },
  Diag: ({ graph, input }) => {
    const x = input("x");
    const size = sizeOf(x.shape);
    const eye = Uint8Array.from({ length: size * size }, (_, i) => Number(i % (size + 1) === 0));
    const diagonal = graph.constant("bool", [size, size], eye, `eye ${size}`);
    const shape = [size, size];
    const matrix = carried(graph, graph.reshape(x, [size]), (row) =>
      graph.op("Where", [diagonal, row, graph.scalar(0, row.type)], { shape, type: row.type }),
    );
    return graph.reshape(matrix, [...x.shape, ...x.shape]);
  },
  ZerosLike: ({ graph, input }) => filled(graph, input("x").shape, input("x").type, 0),
  OnesLike: ({ graph, input }) => filled(graph, input("x").shape, input("x").type, 1),
  Range: (call) => {
    const { start, stop, step, dtype } = call.attributes;
    // TensorFlow.js counts down where the default step does not lead from start to stop.
    const by = step === 1 && stop < start ? -1 : step;
    const count = Math.max(0, Math.ceil((stop - start) / by));
    const numbers = Array.from({ length: count }, (_, i) => start + i * by);
    return dtype === "int32" ? made(Int32Array.from(numbers)) : made(Float32Array.from(numbers));
  },
  LinSpace: (call) => {
    const { start, stop, num } = call.attributes;
    const step = num > 1 ? (stop - start) / (num - 1) : 0;
    return made(Float32Array.from({ length: num }, (_, i) => start + i * step));
  },
  OneHot: ({ graph, input, attributes: { depth, onValue = 1, offValue = 0, dtype } }) => {
    const indices = input("indices");
    const flat = graph.reshape(indices, [...indices.shape, 1]);
    const classes = graph.constant(
      "int32",
      [depth],
      Int32Array.from({ length: depth }, (_, i) => i),
      `range ${depth}`,
    );
    const shape = [...indices.shape, depth];
    const hit = graph.op("Equal", [graph.cast(flat, "int32"), classes], { shape, type: "bool" });
    const type: ElementType = dtype === "bool" ? "bool" : dtype === "float32" ? "float32" : "int32";
    if (onValue === 1 && offValue === 0) return graph.cast(hit, type);
    return graph.op("Where", [hit, graph.scalar(onValue, type), graph.scalar(offValue, type)], {
      shape,
      type,
    });
  },
  DepthToSpace: ({ graph, input, attributes: { blockSize, dataFormat } }) => {
    const x = input("x");
    const nhwc = dataFormat !== "NCHW";
    const [n, h, w, c] = (nhwc ? x.shape : [0, 2, 3, 1].map((i) => x.shape[i])) as [
      number,
      number,
      number,
      number,
    ];
    const inner = c / (blockSize * blockSize);
    const wide = nhwc
      ? graph.transpose(
          graph.reshape(x, [n, h, w, blockSize, blockSize, inner]),
          [0, 1, 3, 2, 4, 5],
        )
      : graph.transpose(
          graph.reshape(x, [n, blockSize, blockSize, inner, h, w]),
          [0, 3, 4, 1, 5, 2],
        );
    const [height, width] = [h * blockSize, w * blockSize];
    return graph.reshape(wide, nhwc ? [n, height, width, inner] : [n, inner, height, width]);
  },
  SpaceToBatchND: ({ graph, input, attributes: { blockShape, paddings } }) => {
    const x = input("x");
    const rank = blockShape.length;
    const pads = x.shape.map((_, i): [number, number] =>
      i >= 1 && i <= rank ? paddings[i - 1] : [0, 0],
    );
    const padded = padOp(graph, x, pads);
    const split = backend_util.getReshaped(
      [...padded.shape],
      blockShape,
      sizeOf(blockShape),
      false,
    );
    const order = backend_util.getPermuted(split.length, blockShape.length, false);
    const shape = backend_util.getReshapedPermuted(
      [...padded.shape],
      blockShape,
      sizeOf(blockShape),
      false,
    );
    return graph.reshape(graph.transpose(graph.reshape(padded, split), order), shape);
  },
  BatchToSpaceND: ({ graph, input, attributes: { blockShape, crops } }) => {
    const x = input("x");
    const block = sizeOf(blockShape);
    const split = backend_util.getReshaped([...x.shape], blockShape, block);
    const order = backend_util.getPermuted(split.length, blockShape.length);
    const shape = backend_util.getReshapedPermuted([...x.shape], blockShape, block);
    const whole = graph.reshape(graph.transpose(graph.reshape(x, split), order), shape);
    const crop = (axis: number): [number, number] => crops[axis - 1] ?? [0, 0];
    return sliceOp(
      graph,
      whole,
      shape.map((_, axis) => (axis === 0 ? 0 : crop(axis)[0])),
      shape.map((size, axis) => (axis === 0 ? size : size - crop(axis)[0] - crop(axis)[1])),
    );
  },
  TopK: ({ graph, input, attributes: { k } }) => {
    const x = input("x");
    const shape = [...x.shape.slice(0, -1), k];
    const [values, indices] = graph.multi(
      "TopK",
      [x, graph.ints([k])],
      [
        { shape, type: x.type },
        { shape, type: "int64" },
      ],
      { attributes: { axis: { int: -1 }, sorted: { int: 1 } } },
    );
    return [values as Value, graph.cast(indices as Value, "int32")];
  },
};

/** Cuts along an axis; the parts may be given another shape of the same size. */
export function splitOp(
  graph: Graph,
  x: Value,
  sizes: readonly number[],
  axis: number,
  shape?: readonly number[],
): Value[] {
  if (sizes.length === 1) return [x];
  const results = sizes.map((size) => ({
    shape: shape ?? x.shape.map((whole, i) => (i === axis ? size : whole)),
    type: x.type,
  }));
  return graph.multi("Split", [x, graph.ints(sizes)], results, {
    attributes: { axis: { int: axis } },
  });
}

/** Gathers along an axis by indices that belong to the structure of the graph. */
export function gatherConstant(
  graph: Graph,
  x: Value,
  indices: readonly number[],
  axis: number,
): Value {
  const shape = x.shape.map((size, i) => (i === axis ? indices.length : size));
  const table = graph.constant("int32", [indices.length], Int32Array.from(indices), indices.join());
  return graph.op("Gather", [x, table], { shape, attributes: { axis: { int: axis } } });
}
