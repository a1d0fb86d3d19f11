import { sizeOf, type Value } from "../src/graph.ts";

/** A value with numbers of its own, all 0: what passes over recorded nodes are tested on. */
export function leaf(shape: readonly number[]): Value {
  return {
    type: "float32",
    shape,
    node: undefined,
    data: new Float32Array(sizeOf(shape)),
    constant: undefined,
  };
}
