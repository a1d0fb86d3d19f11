import { absent, Graph, type HostData, type Node, type Value } from "./graph.ts";
import { fuseActivation } from "./lowerings/fuse-activation.ts";
import { fuseBias } from "./lowerings/fuse-bias.ts";
import { fuseGelu } from "./lowerings/fuse-gelu.ts";
import { fusedOn } from "./kernels/fused.ts";
import { isCpuOnly } from "./substitutes/cpu-only.ts";
import { lowerings } from "./lowerings/index.ts";
import { shareRow } from "./lowerings/shared-row.ts";
import { slopeOfResult } from "./lowerings/slope-of-result.ts";
import { untile } from "./lowerings/untile.ts";
import { encodeModel } from "./onnx/encode.ts";
import { LoweringGraph, type Target } from "./lowerings/lowering-graph.ts";
import { latestFirst } from "./latest-first.ts";
import { neededNodes } from "./needed.ts";
import { rematerialize } from "./rematerialize.ts";
import type { ModelConstant, ModelNode, ModelTensor } from "./onnx/types.ts";

export interface LoweredGraph {
  model: Uint8Array;
  inputs: string[];
  outputs: ModelTensor[];
  /** Outputs that are inputs with a few numbers changed. */
  inPlace: { output: number; input: number }[];
  /** Names of nodes that the provider must leave to the CPU. */
  cpuNodes: string[];
  nodeCount: number;
}

/**
 * Writes recorded nodes as an ONNX model.
 *
 * @param nodes what `neededNodes` answered
 * @param inputs values with numbers of their own; every other value with numbers must be a constant
 */
export function lower(
  nodes: readonly Node[],
  inputs: readonly Value[],
  outputs: readonly Value[],
  target: Target,
): LoweredGraph {
  const { graph, nodes: made, ...ends } = lowerNodes(nodes, inputs, outputs, target);
  // How little memory a run takes is the engine's business, and not an exported model's.
  const needed = latestFirst(rematerialize(made, ends.outputs));
  const names = new Map<Value, string>();
  const inputTensors: ModelTensor[] = ends.inputs.map((input, i) => {
    names.set(input, `in${i}`);
    return { name: `in${i}`, type: input.type, shape: input.shape };
  });
  for (const output of ends.outputs) names.set(output, `out${names.size}`);

  const constants: ModelConstant[] = [];
  const nameOf = (value: Value): string => {
    let name = names.get(value);
    if (name === undefined) {
      name = `v${names.size}`;
      names.set(value, name);
      if (value.data)
        constants.push({
          name,
          type: value.type,
          shape: value.shape,
          data: value.data as HostData,
        });
    }
    return name;
  };
  const cpuNodes: string[] = [];
  const nameIfCpuOnly = (node: Node): { name?: string } => {
    if (!isCpuOnly(target.provider, node)) return {};
    const name = `cpu${cpuNodes.length}`;
    cpuNodes.push(name);
    return { name };
  };
  const modelNodes: ModelNode[] = needed.map((node) => ({
    ...nameIfCpuOnly(node),
    op: node.op,
    domain: node.domain,
    inputs: node.inputs.map((input) => (input === absent ? "" : nameOf(graph.unique(input)))),
    outputs: node.outputs.map(nameOf),
    attributes: node.attributes,
  }));
  const outputTensors = ends.outputs.map((value) => ({
    name: nameOf(value),
    type: value.type,
    shape: value.shape,
  }));
  return {
    model: encodeModel({
      inputs: inputTensors,
      outputs: outputTensors,
      constants,
      nodes: modelNodes,
    }),
    inputs: inputTensors.map(({ name }) => name),
    outputs: outputTensors,
    inPlace: inPlaceOf(needed, ends),
    cpuNodes,
    nodeCount: modelNodes.length,
  };
}

/** Which outputs are a cache of keys or of values, that nothing else reads, with the next ones written into it. */
function inPlaceOf(
  nodes: readonly Node[],
  { inputs, outputs }: Pick<LoweredNodes, "inputs" | "outputs">,
): LoweredGraph["inPlace"] {
  return outputs.flatMap((value, output) => {
    const { node } = value;
    if (node?.op !== "GroupQueryAttention") return [];
    const cache = node.inputs[node.outputs.indexOf(value) + 2]!;
    const input = inputs.indexOf(cache);
    const reads = nodes.flatMap((each) => each.inputs.filter((read) => read === cache));
    return input >= 0 && reads.length === 1 ? [{ output, input }] : [];
  });
}

/** Recorded nodes as operations that the target has. */
export interface LoweredNodes {
  graph: LoweringGraph;
  /** In their order; a constant among their inputs stands for all that `graph.unique` says are the same. */
  nodes: Node[];
  inputs: Value[];
  /** Each made by a node of its own. */
  outputs: Value[];
}

/** Lowers recorded nodes; inputs and outputs as for `lower`. */
export function lowerNodes(
  nodes: readonly Node[],
  inputs: readonly Value[],
  outputs: readonly Value[],
  target: Target,
): LoweredNodes {
  const graph = new LoweringGraph(target);
  const lowered = new Map<Value, Value>();
  for (const input of inputs)
    lowered.set(input, { ...input, node: undefined, data: undefined, constant: undefined });
  const find = (value: Value): Value => lowered.get(value) ?? value;
  const fused = fuseActivation(slopeOfResult(fuseBias(nodes, outputs)), outputs);
  for (const node of untile(shareRow(fused, outputs))) {
    const from = node.inputs.map(find);
    const made =
      node.domain === "gen"
        ? lowering(node.op)(graph, from, node.attributes, node.outputs)
        : graph.multi(node.op, from, node.outputs, node);
    node.outputs.forEach((output, i) => lowered.set(output, made[i] as Value));
  }
  const ends = new Set<Value>();
  for (const output of outputs) {
    const value = find(output);
    // A graph output needs a name of its own: an input, a constant or another output passes through an Identity.
    const own =
      value.node && !ends.has(value)
        ? value
        : (Graph.prototype.multi.call(graph, "Identity", [value], [value])[0] as Value);
    ends.add(own);
  }
  const needed = neededNodes(graph.nodes, [...ends]);
  return {
    graph,
    nodes: fusedOn["Gelu"]?.includes(target.provider) ? fuseGelu(needed, [...ends]) : needed,
    inputs: inputs.map(find),
    outputs: [...ends],
  };
}

function lowering(op: string): (typeof lowerings)[string] {
  const found = lowerings[op];
  if (!found) throw new Error(`lower: the engine has no lowering for its own operation ${op}`);
  return found;
}
