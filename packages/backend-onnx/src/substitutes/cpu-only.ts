import type { Node, Value } from "../graph.ts";
import type { Provider } from "../lowerings/lowering-graph.ts";

type Rule = (node: Node) => boolean;

/**
 * What ONNX Runtime 1.30's WebGPU provider takes but refuses or computes wrongly: such a node runs on the CPU, between
 * copies. Each was found by TensorFlow.js's own tests (`GEN_DEVICE=webgpu pnpm conformance`).
 */
const webgpu: Readonly<Record<string, Rule>> = {
  // «The Indices output is not supported yet.»
  MaxPool: ({ outputs }) => outputs.length > 1,
  // «Only Conv2d or Conv1d are supported», and wrong numbers for groups.
  ConvTranspose: ({ inputs, attributes }) =>
    rank(inputs[0]) > 4 || integer(attributes["group"]) > 1,
  // It takes a filter as large as the image for a product, although there is padding.
  Conv: ({ inputs: [x, filter], attributes }) =>
    rank(x) === 4 &&
    x?.shape[2] === filter?.shape[2] &&
    x?.shape[3] === filter?.shape[3] &&
    integers(attributes["pads"]).some((pad) => pad !== 0),
  // Steps backwards start at the wrong place.
  Slice: ({ inputs }) => inputs[4] !== undefined && steps(inputs[4]).some((step) => step < 0n),
};

const rules: Partial<Record<Provider, Readonly<Record<string, Rule>>>> = { webgpu };

/** Whether a node of ONNX must not run on this provider itself. */
export function isCpuOnly(provider: Provider, node: Node): boolean {
  return node.domain === "" && (rules[provider]?.[node.op]?.(node) ?? false);
}

function rank(value: Value | undefined): number {
  return value?.shape.length ?? 0;
}

function integer(attribute: unknown): number {
  return (attribute as { int: number } | undefined)?.int ?? 1;
}

function integers(attribute: unknown): readonly number[] {
  return (attribute as { ints: readonly number[] } | undefined)?.ints ?? [];
}

function steps(value: Value): readonly bigint[] {
  return [...((value.data as BigInt64Array | undefined) ?? [])];
}
