import type { DataId, DataType, TensorInfo } from "@tensorflow/tfjs-core";
import type { OnnxBackend } from "../backend.ts";
import { elementTypeOf } from "../data-type.ts";
import { Graph, type Node, sameShape, type Value } from "../graph.ts";
import { lowerNodes } from "../lower.ts";
import { leavesOf, neededNodes } from "../needed.ts";
import type { ElementType } from "../onnx/types.ts";
import { Placeholder } from "../program.ts";
import { type Data, isHost } from "../runtime/data.ts";

/** What a recording needs of its backend's inside. */
interface BackendAccess {
  entry(dataId: DataId): { value: Value; input?: Value | undefined };
  end(): void;
}

interface Named {
  name: string;
  /** Stands for the tensor in the recording; its data are the numbers of a weight, a placeholder of an input. */
  value: Value;
}

/** A recorded function in ONNX's own operators. */
export interface RecordedModel {
  nodes: readonly Node[];
  inputs: readonly NamedTensor[];
  weights: readonly (NamedTensor & { data: Data })[];
  outputs: readonly Value[];
}

export interface NamedTensor {
  name: string;
  type: ElementType;
  shape: readonly number[];
  /** What stands for it among the inputs of `nodes`. */
  value: Value;
}

/** Numbers up to this size are told apart by their contents. */
const smallSize = 1024;

/** A function that is recorded to be written as a model file. */
export class ModelRecording {
  readonly #backend: OnnxBackend;
  readonly #access: BackendAccess;
  /** While recording: what has a name, by its data. */
  readonly #inputs = new Map<Data, Named>();
  readonly #weights = new Map<Data, Named>();
  #entries: { input?: Value | undefined }[] = [];
  #model: RecordedModel | undefined;

  constructor(backend: OnnxBackend, access: BackendAccess) {
    this.#backend = backend;
    this.#access = access;
  }

  /** What was recorded, once finished. */
  get model(): RecordedModel {
    if (!this.#model) throw new Error("The recording of a model was not finished");
    return this.#model;
  }

  /** A tensor without numbers. */
  blank(shape: readonly number[], dtype: DataType): TensorInfo {
    const type = elementTypeOf(dtype);
    const data = new Placeholder();
    return this.#backend.tensor({ type, shape, node: undefined, data, constant: undefined }, dtype);
  }

  /** Makes a tensor an input of the model. */
  input(tensor: TensorInfo, name: string): void {
    const entry = this.#access.entry(tensor.dataId);
    const data = new Placeholder();
    const value = { ...entry.value, shape: tensor.shape, data };
    entry.input = value;
    this.#entries.push(entry);
    this.#inputs.set(data, { name, value });
  }

  /** Gives the numbers of a tensor a name; they are written only if the model needs them. */
  weight(tensor: TensorInfo, name: string): void {
    const { value } = this.#access.entry(tensor.dataId);
    const { data } = value;
    if (data) this.#weights.set(data, { name, value: { ...value, shape: tensor.shape } });
  }

  /** Ends the recording. */
  finish(outputs: readonly TensorInfo[]): void {
    try {
      const results = outputs.map((tensor) => this.#backend.value(tensor));
      const nodes = neededNodes(this.#backend.graph.nodes, results);
      this.#model = this.#lower(nodes, results);
    } finally {
      this.abort();
    }
  }

  /** Ends the recording and forgets it. */
  abort(): void {
    for (const entry of this.#entries) entry.input = undefined;
    this.#entries = [];
    this.#access.end();
  }

  #lower(nodes: readonly Node[], results: readonly Value[]): RecordedModel {
    const before = new Graph();
    const weights = new Set<Named>();
    const constants = new Map<Data, number>();
    const standIn = new Map<Value, Value>();
    const leaves = [...leavesOf(nodes), ...results.filter((value) => !value.node)];
    for (const leaf of leaves) {
      const data = leaf.data as Data;
      const weight = this.#weights.get(data);
      if (weight) weights.add(weight);
      const { value } = weight ?? this.#inputs.get(data) ?? {};
      if (value) standIn.set(leaf, reshaped(before, value, leaf.shape));
      else if (leaf.constant === undefined) {
        if (!constants.has(data)) constants.set(data, constants.size);
        const small = isHost(data) && data.length <= smallSize;
        const constant = small ? `data:${data.join()}` : `numbers ${constants.get(data)}`;
        standIn.set(leaf, { ...leaf, constant });
      }
    }
    const find = (value: Value): Value => standIn.get(value) ?? value;
    const named = nodes.map((node) =>
      node.inputs.some((input) => standIn.has(input))
        ? { ...node, inputs: node.inputs.map(find) }
        : node,
    );
    const ends = [...this.#inputs.values(), ...weights];
    const lowered = lowerNodes(
      [...before.nodes, ...named],
      ends.map(({ value }) => value),
      results.map(find),
      { provider: "standard", blockSize: 0 },
    );
    const foreign = lowered.nodes.find(({ domain }) => domain !== "");
    if (foreign) {
      throw new Error(`exportOnnx: ${foreign.op} has no form in ONNX's own operators yet`);
    }
    const tensors = ends.map(({ name, value: { type, shape, data } }, i) => {
      return { name, type, shape, data: data as Data, value: lowered.inputs[i] as Value };
    });
    return {
      nodes: lowered.nodes,
      inputs: tensors.slice(0, this.#inputs.size),
      weights: tensors.slice(this.#inputs.size),
      outputs: lowered.outputs,
    };
  }
}

function reshaped(graph: Graph, value: Value, shape: readonly number[]): Value {
  if (sameShape(value.shape, shape)) return value;
  return graph.op("Reshape", [value, graph.ints(shape)], { shape });
}
