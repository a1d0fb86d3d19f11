import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { OnnxBackend } from "../backend.ts";
import { type Graph, sizeOf, type Value } from "../graph.ts";
import { binaryOp, whereOp } from "./binary.ts";
import type { Call, Kernel, Kernels } from "./kernel.ts";
import { concatOp, filled, sliceOp } from "./shape.ts";

// A complex tensor is recorded as float32 with one more axis: real part, imaginary part.

/** The parts of a complex input side by side [..., 2]; those of a real input with an imaginary part of zero. */
function partsOf({ graph, backend }: Call, x: TensorInfo): Value {
  if (x.dtype === "complex64") return backend.value({ ...x, shape: [...x.shape, 2] });
  const real = graph.cast(backend.value(x), "float32");
  return join(graph, real, filled(graph, real.shape, "float32", 0));
}

/** One of the parts: 0 the real, 1 the imaginary. */
function part(graph: Graph, parts: Value, index: 0 | 1): Value {
  const shape = parts.shape.slice(0, -1);
  const size = [...shape, 1];
  return graph.reshape(sliceOp(graph, parts, [...shape.map(() => 0), index], size), shape);
}

function join(graph: Graph, real: Value, imaginary: Value): Value {
  const columns = [real, imaginary].map((value) => graph.reshape(value, [...value.shape, 1]));
  return concatOp(graph, columns, real.shape.length);
}

function complexTensor(backend: OnnxBackend, parts: Value): TensorInfo {
  return { ...backend.tensor(parts, "complex64"), shape: parts.shape.slice(0, -1) };
}

/** A real kernel that treats both parts alike. */
function partwise(op: string): Kernel {
  return (call) => {
    const [a, b] = [partsOf(call, call.tensor("a")), partsOf(call, call.tensor("b"))];
    return complexTensor(call.backend, binaryOp(call.graph, op, ...aligned(call.graph, a, b)));
  };
}

/** Values that broadcast as complex numbers do so with their axis of parts. */
function aligned(graph: Graph, a: Value, b: Value): [Value, Value] {
  const rank = Math.max(a.shape.length, b.shape.length);
  const widen = (x: Value): Value =>
    graph.reshape(x, [...Array.from({ length: rank - x.shape.length }, () => 1), ...x.shape]);
  return [widen(a), widen(b)];
}

/** A Fourier transform along the last axis. */
function fourier(inverse: boolean): Kernel {
  return (call) => {
    const { graph, backend, tensor } = call;
    const { shape } = tensor("input");
    const size = shape.at(-1) as number;
    const rows = graph.reshape(partsOf(call, tensor("input")), [sizeOf(shape) / size, size, 2]);
    const axis = graph.scalar(1, "int64");
    const result = graph.op("DFT", [rows, graph.scalar(size, "int64"), axis], {
      attributes: { inverse: { int: Number(inverse) }, onesided: { int: 0 } },
    });
    return complexTensor(backend, graph.reshape(result, [...shape, 2]));
  };
}

/** Kernels about complex numbers. */
export const complexKernels: Kernels = {
  Complex: ({ graph, backend, input }) =>
    complexTensor(backend, join(graph, input("real"), input("imag"))),
  Real: (call) => part(call.graph, partsOf(call, call.tensor("input")), 0),
  Imag: (call) => part(call.graph, partsOf(call, call.tensor("input")), 1),
  ComplexAbs: (call) => {
    // Divided by the larger part, nothing overflows or vanishes in the squares.
    const { graph } = call;
    const parts = graph.op("Abs", [partsOf(call, call.tensor("x"))]);
    const [a, b] = [part(graph, parts, 0), part(graph, parts, 1)];
    const [large, small] = [graph.op("Max", [a, b]), graph.op("Min", [a, b])];
    const isZero = graph.op("Equal", [large, graph.scalar(0)], { type: "bool" });
    const ratio = graph.op("Div", [small, whereOp(graph, isZero, graph.scalar(1), large)]);
    const sum = graph.op("Add", [graph.op("Mul", [ratio, ratio]), graph.scalar(1)]);
    return graph.op("Mul", [large, graph.op("Sqrt", [sum])]);
  },
  FFT: fourier(false),
  IFFT: fourier(true),
};

/** What kernels of real numbers do when an input is complex. */
export const onComplex: Kernels = {
  Add: partwise("Add"),
  Sub: partwise("Sub"),
  Multiply: (call) => {
    const { graph, backend, tensor } = call;
    const op = (name: string, x: Value, y: Value): Value => binaryOp(graph, name, x, y);
    const [a, b] = [partsOf(call, tensor("a")), partsOf(call, tensor("b"))];
    const [ar, ai] = [part(graph, a, 0), part(graph, a, 1)];
    const [br, bi] = [part(graph, b, 0), part(graph, b, 1)];
    const real = op("Sub", op("Mul", ar, br), op("Mul", ai, bi));
    const imaginary = op("Add", op("Mul", ar, bi), op("Mul", ai, br));
    return complexTensor(backend, join(graph, real, imaginary));
  },
  Cast: (call) => {
    const {
      graph,
      backend,
      tensor,
      attributes: { dtype },
    } = call;
    if (tensor("x").dtype === dtype) return backend.share(tensor("x"));
    if (dtype === "complex64") return complexTensor(backend, partsOf(call, tensor("x")));
    return graph.cast(part(graph, partsOf(call, tensor("x")), 0), dtype);
  },
  Concat: (call) => {
    const {
      graph,
      backend,
      tensors,
      attributes: { axis },
    } = call;
    const parts = tensors().map((x) => partsOf(call, x));
    const rank = (parts[0] as Value).shape.length - 1;
    return complexTensor(backend, concatOp(graph, parts, axis < 0 ? axis + rank : axis));
  },
  Transpose: (call) => {
    const {
      graph,
      backend,
      tensor,
      attributes: { perm },
    } = call;
    const parts = partsOf(call, tensor("x"));
    return complexTensor(backend, graph.transpose(parts, [...perm, perm.length]));
  },
  ZerosLike: ({ graph, backend, tensor }) =>
    complexTensor(backend, filled(graph, [...tensor("x").shape, 2], "float32", 0)),
  OnesLike: ({ graph, backend, tensor }) => {
    const { shape } = tensor("x");
    const [one, zero] = [1, 0].map((value) => filled(graph, shape, "float32", value)) as [
      Value,
      Value,
    ];
    return complexTensor(backend, join(graph, one, zero));
  },
};
