import type { Provider } from "../lowerings/lowering-graph.ts";
import { absent, type Value } from "../graph.ts";
import type { Kernels } from "./kernel.ts";

/** Who has as one operation, all its results with it, what others do by several. */
export const fusedOn: Readonly<Record<string, readonly Provider[]>> = {
  CachedAttention: ["cpu", "wasm"],
  Gelu: ["cpu", "wasm", "cuda", "standard"],
  LayerNormalization: ["cpu", "wasm", "cuda", "standard"],
};

/** What was split into just these parts, in their order and along the second axis, if one value was. */
function wholeOf(parts: readonly Value[]): Value | undefined {
  const { node } = parts[0]!;
  const axis = node?.attributes["axis"];
  if (node?.op !== "Split" || !axis || !("int" in axis) || axis.int !== 1) return undefined;
  const same =
    node.outputs.length === parts.length && parts.every((part, i) => part === node.outputs[i]);
  return same ? node.inputs[0] : undefined;
}

/** Chains of operations that ONNX has as one: kernels of ours, which TensorFlow.js does not know. */
export const fusedKernels: Kernels = {
  /** One token's q, k and v, the cache's keys and values, and the token's position in it. */
  CachedAttention: ({ graph, input }) => {
    const [q, keys, values] = [input("q"), input("keys"), input("values")];
    const [batch, heads, , d] = q.shape as [number, number, number, number];
    const places = keys.shape[2] as number;
    const joined = [batch, 1, heads * d];
    const token = (x: Value): Value => graph.reshape(x, joined);
    const tokens = [q, input("k"), input("v")];
    const packed = wholeOf(tokens);
    const last = graph.op("Expand", [input("position"), graph.ints([batch])], { shape: [batch] });
    const total = graph.constant("int32", [1], Int32Array.of(places), String(places));
    const [attended, nextKeys, nextValues] = graph.multi(
      "GroupQueryAttention",
      [
        ...(packed
          ? [graph.reshape(packed, [batch, 1, 3 * heads * d]), absent, absent]
          : tokens.map(token)),
        keys,
        values,
        last,
        total,
      ],
      [joined, keys.shape, values.shape].map((shape) => ({ shape, type: "float32" })),
      {
        domain: "com.microsoft",
        attributes: { num_heads: { int: heads }, kv_num_heads: { int: heads } },
      },
    );
    return [graph.reshape(attended!, q.shape), nextKeys!, nextValues!];
  },
  /** x, and maybe weight and bias [features]: normalised over the last axis; and 1 / its standard deviation. */
  LayerNormalization: ({ graph, input, tensor, attributes: { epsilon } }) => {
    const x = input("x");
    // ONNX Runtime takes the variance for the mean of squares less the squared mean, which is lost in rounding where the
    // mean is far from 0; so it is given deviations.
    const each = [...x.shape.slice(0, -1), 1];
    const mean = graph.op("ReduceMean", [x, graph.ints([-1])], { shape: each });
    const deviation = graph.op("Sub", [x, mean]);
    const features = x.shape.at(-1) as number;
    const weight = tensor("weight")
      ? input("weight")
      : graph.constant("float32", [features], new Float32Array(features).fill(1), "ones");
    const [normalised, , inverse] = graph.multi(
      "LayerNormalization",
      [deviation, weight, ...(tensor("bias") ? [input("bias")] : [])],
      [x.shape, each, each].map((shape) => ({ shape, type: "float32" })),
      { attributes: { axis: { int: -1 }, epsilon: { float: epsilon } } },
    );
    return [normalised!, inverse!];
  },
};
