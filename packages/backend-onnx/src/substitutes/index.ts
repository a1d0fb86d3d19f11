import type { Graph, Value } from "../graph.ts";
import type { Attributes, ElementType } from "../onnx/types.ts";
import type { Provider } from "../lowerings/lowering-graph.ts";
import { fusedMatMul } from "./fused-matmul.ts";
import { splitOfFew } from "./split.ts";

/** Writes an operator in a form that a provider has; answers undefined where it has it as it is. */
export type Substitute = (
  graph: Graph,
  inputs: readonly Value[],
  attributes: Attributes,
  results: readonly { shape: readonly number[]; type: ElementType }[],
) => Value[] | undefined;

/** What each provider wants in another form, by the operator's name. */
export const substitutes: Partial<Record<Provider, Readonly<Record<string, Substitute>>>> = {
  webgpu: { FusedMatMul: fusedMatMul, Split: splitOfFew },
  standard: { FusedMatMul: fusedMatMul },
};
