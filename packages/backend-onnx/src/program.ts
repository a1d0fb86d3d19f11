import type { DataId, DataType, TensorInfo, TypedArray } from "@tensorflow/tfjs-core";
import type { OnnxBackend } from "./backend.ts";
import { elementTypeOf } from "./data-type.ts";
import type { HostData, Value } from "./graph.ts";
import { lower, type LoweredGraph } from "./lower.ts";
import { leavesOf, neededNodes } from "./needed.ts";
import type { ElementType } from "./onnx/types.ts";
import type { HostTensor, Session } from "./runtime/runtime.ts";

/** What a program needs of its backend's inside. */
interface BackendAccess {
  entry(dataId: DataId): { value: Value; dtype: DataType };
  load(lowered: LoweredGraph): Session;
  end(): void;
}

/** Constants up to this size become part of a compiled graph; larger ones stay inputs. */
const bakedSize = 1024;

/** A function recorded once and run many times, with no JavaScript per operation. */
export class Program {
  readonly #backend: OnnxBackend;
  readonly #access: BackendAccess;
  #session: Session | undefined;
  // Only types and shapes are kept of what was recorded: the values would hold the recording and its numbers.
  #fixed: HostTensor[] = [];
  #feeds: { at: number; type: ElementType; shape: readonly number[] }[] = [];
  #outputs: { shape: readonly number[]; dtype: DataType }[] = [];
  #nodeCount = 0;
  #reads: boolean[] = [];
  /** The numbers of the inputs, while recording. */
  #inputs: (HostData | undefined)[] = [];

  constructor(backend: OnnxBackend, access: BackendAccess) {
    this.#backend = backend;
    this.#access = access;
  }

  /** Operations in the compiled graph. */
  get nodeCount(): number {
    return this.#nodeCount;
  }

  /** Makes host data an input: its numbers differ from run to run. Other data is kept as constant. */
  input(dataId: DataId): void {
    const entry = this.#access.entry(dataId);
    // An array of its own: what an operation that changes nothing made of it (a transposition of one axis, say) has the
    // same array, and stays constant.
    entry.value = { ...entry.value, data: entry.value.data?.slice() };
    this.#inputs.push(entry.value.data);
  }

  /** Whether these numbers are an input, so that they differ from run to run. */
  isInput(data: HostData | undefined): boolean {
    return this.#inputs.includes(data);
  }

  /** Whether the program needs the input at this position. */
  reads(input: number): boolean {
    return this.#reads[input] as boolean;
  }

  /** Ends the recording. */
  finish(outputs: readonly TensorInfo[]): void {
    try {
      const inputValues = new Map(this.#inputs.map((data, i) => [data, i]));
      this.#outputs = outputs.map(({ shape, dtype }) => ({ shape, dtype }));
      const results = outputs.map((tensor) => this.#backend.value(tensor));
      const nodes = neededNodes(this.#backend.graph.nodes, results);
      const leaves = new Set(leavesOf(nodes));
      for (const value of results) if (!value.node) leaves.add(value);
      const varying: Value[] = [];
      const fixed: Value[] = [];
      const baked = new Map<Value, Value>();
      for (const leaf of leaves) {
        const at = inputValues.get(leaf.data);
        if (at !== undefined) {
          varying.push(leaf);
          this.#feeds.push({ at, type: leaf.type, shape: leaf.shape });
        } else if ((leaf.data as HostData).length > bakedSize) fixed.push(leaf);
        else baked.set(leaf, { ...leaf, constant: `data:${(leaf.data as HostData).join()}` });
      }
      const feeds = [...varying, ...fixed];
      const withBaked = nodes.map((node) =>
        node.inputs.some((input) => baked.has(input))
          ? { ...node, inputs: node.inputs.map((input) => baked.get(input) ?? input) }
          : node,
      );
      const lowered = lower(
        withBaked,
        feeds,
        results.map((value) => baked.get(value) ?? value),
        this.#backend.runtime,
      );
      this.#nodeCount = lowered.nodeCount;
      this.#session = this.#access.load(lowered);
      this.#fixed = fixed as HostTensor[];
      const read = new Set(this.#feeds.map(({ at }) => at));
      this.#reads = this.#inputs.map((_, i) => read.has(i));
    } finally {
      this.#inputs = [];
      this.#access.end();
    }
  }

  /** Forgets all that was recorded. */
  abort(): void {
    this.#access.end();
  }

  /** Runs it, with a data id or host data for each input that it reads. */
  run(inputs: readonly (DataId | TypedArray | undefined)[]): TensorInfo[] {
    if (!this.#session) throw new Error("A compiled function was called after it was disposed of");
    this.#backend.flush();
    const feeds = this.#feeds.map(({ at, type, shape }): HostTensor => {
      const input = inputs[at] as DataId | TypedArray;
      const data = ArrayBuffer.isView(input)
        ? (input as HostData)
        : (this.#access.entry(input).value.data as HostData);
      return { type, shape, data };
    });
    const results = this.#session.run([...feeds, ...this.#fixed]);
    return this.#outputs.map(({ shape, dtype }, i) =>
      this.#backend.tensor(
        {
          type: elementTypeOf(dtype),
          shape,
          node: undefined,
          data: results[i],
          constant: undefined,
        },
        dtype,
      ),
    );
  }

  dispose(): void {
    this.#session?.dispose();
    this.#session = undefined;
  }
}
