import { Graph, type Node, type Value } from "./graph.ts";
import { fuseBias } from "./lowerings/fuse-bias.ts";
import { lowerings } from "./lowerings/index.ts";
import { encodeModel } from "./onnx/encode.ts";
import type {
  Attributes,
  ElementType,
  ModelConstant,
  ModelNode,
  ModelTensor,
} from "./onnx/types.ts";

/** What the lowering may use. */
export interface Target {
  /** Channels per block of the blocked convolution operators; 0 for none. */
  blockSize: number;
}

export interface LoweredGraph {
  model: Uint8Array;
  inputs: string[];
  outputs: string[];
  nodeCount: number;
}

/** A graph under lowering: an operation that is asked for twice is made once. */
export class LoweringGraph extends Graph {
  readonly target: Target;
  readonly #ids = new Map<Value, number>();
  readonly #known = new Map<string, Value[]>();
  readonly #constants = new Map<string, Value>();

  constructor(target: Target) {
    super();
    this.target = target;
  }

  id(value: Value): number {
    let id = this.#ids.get(value);
    if (id === undefined) {
      id = this.#ids.size;
      this.#ids.set(value, id);
    }
    return id;
  }

  override multi(
    op: string,
    inputs: readonly Value[],
    results: readonly { shape: readonly number[]; type: ElementType }[],
    options: { attributes?: Attributes; domain?: string } = {},
  ): Value[] {
    const key = `${op}|${options.domain ?? ""}|${JSON.stringify(options.attributes ?? {})}|${inputs
      .map((input) => this.id(this.unique(input)))
      .join()}|${results.map((r) => r.shape.join()).join("/")}`;
    let outputs = this.#known.get(key);
    if (!outputs) {
      outputs = super.multi(
        op,
        inputs.map((input) => this.unique(input)),
        results,
        options,
      );
      this.#known.set(key, outputs);
    }
    return outputs;
  }

  /** The one value that stands for all constants with the same contents. */
  unique(value: Value): Value {
    if (value.constant === undefined) return value;
    const key = `${value.type}|${value.shape.join()}|${value.constant}`;
    let known = this.#constants.get(key);
    if (!known) {
      known = value;
      this.#constants.set(key, known);
    }
    return known;
  }
}

/** The nodes that the outputs need, in the order of their recording. */
export function neededNodes(nodes: readonly Node[], outputs: readonly Value[]): Node[] {
  const wanted = new Set<Value>(outputs);
  const needed: Node[] = [];
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i] as Node;
    if (!node.outputs.some((output) => wanted.has(output))) continue;
    needed.push(node);
    for (const input of node.inputs) wanted.add(input);
  }
  return needed.reverse();
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
  const graph = new LoweringGraph(target);
  const lowered = new Map<Value, Value>();
  for (const input of inputs)
    lowered.set(input, { ...input, data: undefined, constant: undefined });
  const find = (value: Value): Value => lowered.get(value) ?? value;
  for (const node of fuseBias(nodes, outputs)) {
    const from = node.inputs.map(find);
    const made =
      node.domain === "gen"
        ? lowering(node.op)(graph, from, node.attributes, node.outputs)
        : graph.multi(node.op, from, node.outputs, node);
    node.outputs.forEach((output, i) => lowered.set(output, made[i] as Value));
  }

  const names = new Map<Value, string>();
  const inputTensors: ModelTensor[] = inputs.map((input, i) => {
    names.set(find(input), `in${i}`);
    return { name: `in${i}`, type: input.type, shape: input.shape };
  });
  const results = outputs.map((output) => {
    const value = find(output);
    // A graph output needs a name of its own: an input, a constant or another output passes through an Identity.
    if (value.node && !names.has(value)) {
      names.set(value, `out${names.size}`);
      return value;
    }
    const copy = Graph.prototype.multi.call(graph, "Identity", [value], [value])[0] as Value;
    names.set(copy, `out${names.size}`);
    return copy;
  });
  const needed = neededNodes(graph.nodes, results);

  const constants: ModelConstant[] = [];
  const nameOf = (value: Value): string => {
    let name = names.get(value);
    if (name === undefined) {
      name = `v${names.size}`;
      names.set(value, name);
      if (value.data)
        constants.push({ name, type: value.type, shape: value.shape, data: value.data });
    }
    return name;
  };
  const modelNodes: ModelNode[] = needed.map((node) => ({
    op: node.op,
    domain: node.domain,
    inputs: node.inputs.map((input) => nameOf(graph.unique(input))),
    outputs: node.outputs.map(nameOf),
    attributes: node.attributes,
  }));
  const outputTensors = results.map((value) => ({
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
    outputs: outputTensors.map(({ name }) => name),
    nodeCount: modelNodes.length,
  };
}

function lowering(op: string): (typeof lowerings)[string] {
  const found = lowerings[op];
  if (!found) throw new Error(`lower: the engine has no lowering for its own operation ${op}`);
  return found;
}

/** The structure of recorded nodes as a string: equal strings, equal compiled graphs. */
export function structureKey(
  nodes: readonly Node[],
  inputs: readonly Value[],
  outputs: readonly Value[],
): string {
  const ids = new Map<Value, number>();
  const parts: string[] = [];
  for (const input of inputs) {
    parts.push(`${input.type}[${input.shape.join()}]`);
    ids.set(input, ids.size);
  }
  const idOf = (value: Value): string => {
    const id = ids.get(value);
    return id === undefined ? `${value.type}[${value.shape.join()}]=${value.constant}` : String(id);
  };
  for (const node of nodes) {
    parts.push(
      `${node.op}|${node.domain}|${attributesKey(node.attributes)}|${node.inputs.map(idOf).join(" ")}`,
    );
    for (const output of node.outputs) {
      parts.push(`${output.type}[${output.shape.join()}]`);
      ids.set(output, ids.size);
    }
  }
  parts.push(outputs.map(idOf).join(" "));
  return parts.join("\n");
}

const attributeKeys = new WeakMap<Attributes, string>();

function attributesKey(attributes: Attributes): string {
  let key = attributeKeys.get(attributes);
  if (key === undefined) {
    key = JSON.stringify(attributes);
    attributeKeys.set(attributes, key);
  }
  return key;
}
