import { backend_util, util } from "@tensorflow/tfjs-core";
import { sizeOf } from "../graph.ts";
import { hostTensor, numbersOf } from "./host.ts";
import type { Kernels } from "./kernel.ts";

export const uniqueKernels: Kernels = {
  Unique: ({ backend, tensor, attributes: { axis } }) => {
    // Slices along the axis are compared as texts; the first of each kind is kept.
    const x = tensor("x");
    const values = numbersOf(backend, x) as ArrayLike<number>;
    const [along = 0] = util.parseAxisParam(axis, x.shape);
    const outer = sizeOf(x.shape.slice(0, along));
    const count = x.shape[along] as number;
    const inner = sizeOf(x.shape.slice(along + 1));
    const sliceAt = (i: number): number[] =>
      Array.from({ length: outer * inner }, (_, j) => {
        const row = Math.floor(j / inner) * count + i;
        return values[row * inner + (j % inner)] as number;
      });
    const kinds = new Map<string, number>();
    const kept: number[][] = [];
    const indices = Int32Array.from({ length: count }, (_, i) => {
      const slice = sliceAt(i);
      const key = slice.join();
      if (!kinds.has(key)) {
        kinds.set(key, kinds.size);
        kept.push(slice);
      }
      return kinds.get(key) as number;
    });
    const shape = x.shape.map((size, i) => (i === along ? kept.length : size));
    const unique = Array.from({ length: outer }, (_, o) =>
      kept.flatMap((slice) => slice.slice(o * inner, (o + 1) * inner)),
    ).flat();
    return [
      hostTensor(backend, unique, shape, x.dtype),
      hostTensor(backend, indices, [count], "int32"),
    ];
  },
  BroadcastArgs: ({ backend, tensor }) => {
    const [a, b] = [tensor("s0"), tensor("s1")].map((shape) => [...numbersOf(backend, shape)]);
    const shape = backend_util.assertAndGetBroadcastShape(a as number[], b as number[]);
    return hostTensor(backend, shape, [shape.length], "int32");
  },
};
