import type { DataId, DataType, TensorInfo, TypedArray } from "@tensorflow/tfjs-core";
import type { OnnxBackend } from "./backend.ts";
import { elementTypeOf } from "./data-type.ts";
import { type Node, sizeOf, type Value } from "./graph.ts";
import { leavesOf, neededNodes } from "./needed.ts";
import type { ElementType } from "./onnx/types.ts";
import { type Data, type Held, type HostData, viewOf } from "./runtime/data.ts";
import type { HeldCounts } from "./runtime/held-counts.ts";
import type { RuntimeTensor } from "./runtime/runtime.ts";
import type { LoadedStages } from "./staged.ts";

/** What a program needs of its backend's inside. */
interface BackendAccess {
  entry(dataId: DataId): { value: Value; input?: Value | undefined; dtype: DataType };
  held: HeldCounts;
  /** Gives a data id other numbers, unless somebody shares it; answers whether it did. */
  replace(dataId: DataId, data: Data | undefined): boolean;
  load(nodes: readonly Node[], inputs: readonly Value[], outputs: readonly Value[]): LoadedStages;
  /** Whether a data id's numbers are held, and nobody else's. */
  owns(dataId: DataId): boolean;
  end(): void;
}

/** Constants up to this size become part of a compiled graph; larger ones stay inputs. */
const bakedSize = 1024;

/** Bytes of inputs that become constants, at most: a model has to stay below 2 GiB. */
const mostConstants = 2 ** 30;

/** Stands for the numbers of an input while a program is recorded: they differ from run to run. */
export class Placeholder implements Held {
  readSync(): HostData {
    throw new Error("A placeholder has no numbers");
  }
  read(): Promise<HostData> {
    return Promise.resolve().then(() => this.readSync());
  }
  dispose(): void {}
}

/** A function recorded once and run many times, with no JavaScript per operation. */
export class Program {
  readonly #backend: OnnxBackend;
  readonly #access: BackendAccess;
  #session: LoadedStages | undefined;
  // Only types and shapes are kept of what was recorded: the values would hold the recording and its numbers.
  #fixed: RuntimeTensor[] = [];
  #feeds: { at: number; type: ElementType; shape: readonly number[] }[] = [];
  #outputs: { shape: readonly number[]; dtype: DataType }[] = [];
  #reads: boolean[] = [];
  /** Numbers of inputs that became constants of the graph. */
  readonly #constants = new Set<Data>();
  /** The inputs, while recording. */
  #inputs: {
    dataId: DataId;
    entry: { value: Value; input?: Value | undefined };
    placeholder: Placeholder;
  }[] = [];

  constructor(backend: OnnxBackend, access: BackendAccess) {
    this.#backend = backend;
    this.#access = access;
  }

  /** Operations in the compiled graph. */
  get nodeCount(): number {
    return this.#session?.nodeCount ?? 0;
  }

  /** Makes the numbers of a tensor an input: they differ from run to run. Other numbers are kept as constants. */
  input(dataId: DataId): void {
    const entry = this.#access.entry(dataId);
    const placeholder = new Placeholder();
    entry.input = { ...entry.value, data: placeholder };
    this.#inputs.push({ dataId, entry, placeholder });
  }

  /** Whether the program needs the input at this position. */
  reads(input: number): boolean {
    return this.#reads[input] ?? false;
  }

  /** Whether the numbers that a tensor has now are constants of the graph. */
  hasConstant(dataId: DataId): boolean {
    const { data } = this.#access.entry(dataId).value;
    return data !== undefined && this.#constants.has(data);
  }

  /**
   * Ends the recording.
   *
   * @param fixed inputs whose numbers of now become constants, if they lie in the host's memory
   */
  finish(outputs: readonly TensorInfo[], fixedInputs: readonly DataId[] = []): void {
    try {
      const positions = new Map<Data | undefined, number>(
        this.#inputs.map(({ placeholder }, i) => [placeholder, i]),
      );
      this.#outputs = outputs.map(({ shape, dtype }) => ({ shape, dtype }));
      if (outputs.length === 0) return; // nothing is to be computed, and ONNX Runtime refuses that
      const results = outputs.map((tensor) => this.#backend.value(tensor));
      const nodes = neededNodes(this.#backend.graph.nodes, results);
      const leaves = new Set(leavesOf(nodes));
      for (const value of results) if (!value.node) leaves.add(value);
      const varying: Value[] = [];
      const fixed: Value[] = [];
      const baked = new Map<Value, Value>();
      const mayBeFixed = new Set(fixedInputs);
      let bytes = 0;
      for (const leaf of leaves) {
        const at = positions.get(leaf.data);
        const input = at === undefined ? undefined : this.#inputs[at];
        const small = at === undefined && sizeOf(leaf.shape) <= bakedSize && viewOf(leaf.data);
        const now = input && mayBeFixed.has(input.dataId) ? input.entry.value.data : undefined;
        const numbers = viewOf(now);
        if (now && numbers && bytes + numbers.byteLength <= mostConstants) {
          bytes += numbers.byteLength;
          this.#constants.add(now);
          baked.set(leaf, { ...leaf, data: numbers, constant: `input ${at}` });
        } else if (at !== undefined) {
          varying.push(leaf);
          this.#feeds.push({ at, type: leaf.type, shape: leaf.shape });
        } else if (small) {
          const data = small.slice() as HostData;
          baked.set(leaf, { ...leaf, data, constant: `data:${data.join()}` });
        } else fixed.push(leaf);
      }
      const feeds = [...varying, ...fixed];
      const withBaked = nodes.map((node) =>
        node.inputs.some((input) => baked.has(input))
          ? { ...node, inputs: node.inputs.map((input) => baked.get(input) ?? input) }
          : node,
      );
      this.#session = this.#access.load(
        withBaked,
        feeds,
        results.map((value) => baked.get(value) ?? value),
      );
      this.#fixed = fixed as RuntimeTensor[];
      for (const { data } of fixed) this.#access.held.retain(data);
      const read = new Set(this.#feeds.map(({ at }) => at));
      this.#reads = this.#inputs.map((_, i) => read.has(i));
    } finally {
      this.abort();
    }
  }

  /** Ends the recording and forgets it. */
  abort(): void {
    for (const { entry } of this.#inputs) entry.input = undefined;
    this.#inputs = [];
    this.#access.end();
  }

  /**
   * Runs it, with a data id or host data for each input that it reads. The last outputs become the numbers of the
   * targets; where somebody shares a target they are answered as a tensor instead.
   */
  run(
    inputs: readonly (DataId | TypedArray | undefined)[],
    targets: readonly DataId[] = [],
  ): (TensorInfo | undefined)[] {
    if (this.#outputs.length === 0) return [];
    if (!this.#session) throw new Error("A compiled function was called after it was disposed of");
    this.#backend.flush();
    const feeds = this.#feeds.map(({ at, type, shape }): RuntimeTensor => {
      const input = inputs[at] as DataId | TypedArray;
      const data = ArrayBuffer.isView(input)
        ? (input as HostData)
        : (this.#access.entry(input).value.data as Data);
      return { type, shape, data };
    });
    const first = this.#outputs.length - targets.length;
    // A target that only this program needs may be written over where its new numbers are its old ones but for a few.
    const overwritten = this.#session.inPlace.filter(({ output, input }) => {
      const at = this.#feeds[input]?.at;
      const target = targets[output - first];
      if (at === undefined || !target || inputs[at] !== target) return false;
      const alone = this.#feeds.filter((feed) => inputs[feed.at] === target).length === 1;
      return alone && this.#access.owns(target);
    });
    const results = this.#session.run(
      [...feeds, ...this.#fixed],
      new Set(overwritten.map(({ input }) => input)),
    );
    return this.#outputs.map(({ shape, dtype }, i) => {
      const data = results[i];
      if (i >= first && this.#access.replace(targets[i - first] as DataId, data)) return undefined;
      const type = elementTypeOf(dtype);
      return this.#backend.tensor(
        { type, shape, node: undefined, data, constant: undefined },
        dtype,
      );
    });
  }

  dispose(): void {
    this.#session?.dispose();
    this.#session = undefined;
    for (const { data } of this.#fixed) this.#access.held.release(data);
    this.#fixed = [];
    this.#constants.clear();
  }
}
