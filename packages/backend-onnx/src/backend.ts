import {
  type DataId,
  DataStorage,
  type DataType,
  engine,
  KernelBackend,
  type TensorInfo,
  type TypedArray,
} from "@tensorflow/tfjs-core";
import { Graph, type Node, sameShape, sizeOf, type Value } from "./graph.ts";
import { dataTypeOf, elementTypeOf } from "./data-type.ts";
import { fusedOn } from "./kernels/fused.ts";
import { ModelRecording } from "./export/model-recording.ts";
import { writeModel, type WriteOptions, type WrittenModel } from "./export/write-model.ts";
import { lower, type LoweredGraph } from "./lower.ts";
import { leavesOf, lostMessage, neededNodes } from "./needed.ts";
import type { ElementType } from "./onnx/types.ts";
import { Placeholder, Program } from "./program.ts";
import { type Data, type HostData, isHost } from "./runtime/data.ts";
import { loadStaged } from "./staged.ts";
import { HeldCounts } from "./runtime/held-counts.ts";
import type { Runtime, RuntimeTensor, Session } from "./runtime/runtime.ts";
import { structureKey } from "./structure-key.ts";

/** What stands behind a data id. */
interface Entry {
  value: Value;
  /** Stands for `value` while it is an input of a program that is being recorded. */
  input?: Value | undefined;
  dtype: DataType;
  references: number;
  /** Strings are kept, never computed with. */
  strings?: unknown;
  /** Why this value could not be computed. */
  failure?: Error;
}

interface Compiled {
  session: Session;
  lowered: LoweredGraph;
}

/** Compiled graphs kept; beyond it the one unused for longest is freed. */
const cachedGraphs = 128;

/**
 * A TensorFlow.js backend that computes nothing when a kernel is called: it records an operation. When numbers are
 * asked for, or by `settle`, all that is recorded and alive is lowered to one ONNX graph (cached by its structure) and
 * run.
 */
export class OnnxBackend extends KernelBackend {
  readonly runtime: Runtime;
  graph: Graph = new Graph();
  readonly #entries: DataStorage<Entry>;
  /** Entries whose value is recorded and not computed. */
  readonly #pending = new Set<Entry>();
  readonly #compiled = new Map<string, Compiled>();
  readonly #held = new HeldCounts();
  /** What is being recorded apart from the rest, if something is. */
  #recording: Program | ModelRecording | undefined;
  #compilations = 0;
  /** Groups of branches in the recording. */
  #forks = 0;

  constructor(runtime: Runtime) {
    super();
    this.runtime = runtime;
    this.#entries = new DataStorage(this, engine());
  }

  // ── Recording ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The value of a tensor, in the tensor's own shape (tensors that share data may differ in it). */
  value(tensor: TensorInfo): Value {
    const entry = this.#entry(tensor.dataId);
    const value = entry.input ?? entry.value;
    return sameShape(value.shape, tensor.shape) ? value : this.graph.reshape(value, tensor.shape);
  }

  /** A tensor for a recorded value. */
  tensor(value: Value, dtype: DataType = dataTypeOf(value.type)): TensorInfo {
    const dataId = {};
    const entry: Entry = { value, dtype, references: 1 };
    this.#entries.set(dataId, entry);
    if (value.node) this.#pending.add(entry);
    this.#held.retain(value.data);
    return { dataId, shape: [...value.shape], dtype };
  }

  /** Another tensor on the same data, in another shape of the same size. */
  share(tensor: TensorInfo, shape: readonly number[] = tensor.shape): TensorInfo {
    this.incRef(tensor.dataId);
    return { dataId: tensor.dataId, shape: [...shape], dtype: tensor.dtype };
  }

  // ── Computing ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** How many graphs were compiled so far. */
  get compilations(): number {
    return this.#compilations;
  }

  /** Computes all that is recorded and alive. */
  flush(): void {
    if (this.#recording) throw new Error(tracingMessage);
    if (this.#pending.size === 0) {
      this.graph.nodes = [];
      this.#held.sweep();
      return;
    }
    const entries = [...this.#pending];
    const outputs = [...new Set(entries.map((entry) => entry.value))];
    const nodes = neededNodes(this.graph.nodes, outputs);
    this.#pending.clear();
    this.graph.nodes = [];
    let results: Data[] = [];
    try {
      const inputs = leavesOf(nodes);
      results = this.#compile(nodes, inputs, outputs).session.run(inputs as RuntimeTensor[]);
    } catch (error) {
      // What could not be computed is lost; what is recorded after it works again.
      for (const entry of entries) entry.failure = error as Error;
      throw error;
    } finally {
      outputs.forEach((output, i) => {
        output.data = results[i];
        output.node = undefined;
      });
      for (const { value } of entries) this.#held.retain(value.data);
      this.#held.sweep();
    }
  }

  async settle(): Promise<void> {
    this.flush();
    await this.runtime.idle();
  }

  #compile(nodes: Node[], inputs: Value[], outputs: Value[]): Compiled {
    const key = structureKey(nodes, inputs, outputs);
    let compiled = this.#compiled.get(key);
    if (compiled) {
      this.#compiled.delete(key); // and back in below, as the newest
    } else {
      const lowered = lower(nodes, inputs, outputs, this.runtime);
      this.#compilations++;
      compiled = { lowered, session: this.runtime.load(lowered) };
    }
    this.#compiled.set(key, compiled);
    if (this.#compiled.size > cachedGraphs) {
      const [oldest, { session }] = this.#compiled.entries().next().value as [string, Compiled];
      session.dispose();
      this.#compiled.delete(oldest);
    }
    return compiled;
  }

  // ── Compiled functions ───────────────────────────────────────────────────────────────────────────────────────────

  /** Computes what is pending, then records until the program is finished or aborted; nothing can be read meanwhile. */
  startProgram(): Program {
    this.flush();
    const program = new Program(this, {
      entry: (dataId) => this.#entry(dataId),
      held: this.#held,
      replace: (dataId, data) => this.#replace(dataId, data),
      load: (nodes, inputs, outputs) => {
        this.#compilations++;
        return loadStaged(nodes, inputs, outputs, this.runtime);
      },
      owns: (dataId) => {
        const { references, value } = this.#entry(dataId);
        return references === 1 && this.#held.isOwned(value.data);
      },
      end: () => this.#endRecording(),
    });
    this.#recording = program;
    return program;
  }

  /** Calls functions none of which needs what another makes: of a program, they may be computed at the same time. */
  parallel<T>(branches: readonly (() => T)[]): T[] {
    const { graph, runtime } = this;
    const apart = this.#recording instanceof Program && runtime.loadTogether && branches.length > 1;
    // A branch inside a branch is part of it.
    if (!apart || graph.branch) return branches.map((branch) => branch());
    const fork = ++this.#forks;
    try {
      return branches.map((branch, index) => {
        graph.branch = { fork, index };
        return branch();
      });
    } finally {
      graph.branch = undefined;
    }
  }

  /** The same for a function that is to be a model file. */
  startModel(): ModelRecording {
    this.flush();
    const recording = new ModelRecording(this, {
      entry: (dataId) => this.#entry(dataId),
      end: () => this.#endRecording(),
    });
    this.#recording = recording;
    return recording;
  }

  /** Whether the device, or the model file that is being recorded, has a kernel of `kernels/fused.ts` as one operation. */
  fuses(kernelName: string): boolean {
    const provider = this.#recording instanceof ModelRecording ? "standard" : this.runtime.provider;
    return fusedOn[kernelName]?.includes(provider) ?? false;
  }

  /** Writes a recorded function, at one batch size or several, as a model file. */
  writeModel(recordings: readonly ModelRecording[], options: WriteOptions): Promise<WrittenModel> {
    return writeModel(recordings, this.#held, options);
  }

  #endRecording(): void {
    this.#recording = undefined;
    this.#forks = 0;
    this.#pending.clear();
    this.graph.nodes = [];
  }

  /** A tensor of its own with the same numbers. */
  copy(tensor: TensorInfo): TensorInfo {
    const { value, dtype, strings } = this.#entry(tensor.dataId);
    const { dataId } = this.tensor(this.graph.reshape(value, tensor.shape), dtype);
    this.#entry(dataId).strings = strings;
    return { dataId, shape: [...tensor.shape], dtype };
  }

  /** Gives a data id other numbers of its shape, unless somebody shares it; answers whether it did. */
  #replace(dataId: DataId, data: Data | undefined): boolean {
    const entry = this.#entry(dataId);
    if (entry.references !== 1) return false;
    this.#held.retain(data);
    this.#held.release(entry.value.data);
    entry.value = { ...entry.value, node: undefined, data, constant: undefined };
    return true;
  }

  // ── TensorFlow.js's interface ────────────────────────────────────────────────────────────────────────────────────

  override write(
    values: TypedArray | Uint8Array[] | null,
    shape: number[],
    dtype: DataType,
  ): DataId {
    const dataId = {};
    this.move(dataId, values as TypedArray, shape, dtype, 1);
    return dataId;
  }

  override move(
    dataId: DataId,
    values: TypedArray | Uint8Array[] | null,
    shape: number[],
    dtype: DataType,
    refCount: number,
  ): void {
    if (dtype === "complex64") {
      throw new Error(
        "The onnx backend has no complex numbers: use real and imaginary parts, or another backend",
      );
    }
    const strings = dtype === "string" ? values : undefined;
    const type = elementTypeOf(dtype);
    const data = strings ? undefined : hostCopy(values as TypedArray | null, type, sizeOf(shape));
    const value: Value = { type, shape, node: undefined, data, constant: undefined };
    this.#entries.set(dataId, { value, dtype, references: refCount, strings });
  }

  override readSync(dataId: DataId): TypedArray {
    const { strings } = this.#entry(dataId);
    if (strings) return strings as TypedArray;
    const data = this.#numbers(dataId);
    return (isHost(data) ? data : data.readSync()) as TypedArray;
  }

  override async read(dataId: DataId): Promise<TypedArray> {
    const { strings } = this.#entry(dataId);
    if (strings) return strings as TypedArray;
    const data = this.#numbers(dataId);
    if (isHost(data)) return data as TypedArray;
    this.#held.retain(data); // the tensor may be disposed of before they arrive
    try {
      return (await data.read()) as TypedArray;
    } finally {
      this.#held.release(data);
    }
  }

  /** The numbers of a tensor, computed if they were only recorded. */
  #numbers(dataId: DataId): Data {
    const entry = this.#entry(dataId);
    const known = entry.input ?? entry.value;
    if (known.node || known.data instanceof Placeholder) {
      if (this.#recording) throw new Error(tracingMessage);
      this.flush();
    }
    const { data } = entry.value;
    if (!data || data instanceof Placeholder) throw entry.failure ?? new Error(lostMessage);
    return data;
  }

  override incRef(dataId: DataId): void {
    this.#entry(dataId).references++;
  }

  decRef(dataId: DataId): void {
    this.#entry(dataId).references--;
  }

  override refCount(dataId: DataId): number {
    return this.#entries.has(dataId) ? this.#entry(dataId).references : 0;
  }

  override disposeData(dataId: DataId, force = false): boolean {
    if (!this.#entries.has(dataId)) return true;
    const entry = this.#entry(dataId);
    entry.references--;
    if (!force && entry.references > 0) return false;
    this.#pending.delete(entry);
    this.#entries.delete(dataId);
    this.#held.release(entry.value.data);
    return true;
  }

  override numDataIds(): number {
    return this.#entries.numDataIds();
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: false };
  }

  override timerAvailable(): boolean {
    return true;
  }

  override async time(f: () => void): Promise<{ kernelMs: number }> {
    this.flush();
    const start = performance.now();
    f(); // at once: TensorFlow.js's profiler counts on it
    await this.settle();
    return { kernelMs: performance.now() - start };
  }

  override floatPrecision(): 16 | 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override dispose(): void {
    for (const { session } of this.#compiled.values()) session.dispose();
    this.#compiled.clear();
  }

  #entry(dataId: DataId): Entry {
    return this.#entries.get(dataId);
  }
}

const tracingMessage =
  "A tensor was read while its function was being recorded: return it instead, and read it after the call";

/** A copy, so that who hands in an array may change it at once although nothing is computed yet. */
function hostCopy(values: TypedArray | null, type: ElementType, size: number): HostData {
  if (type === "int32") return values ? Int32Array.from(values) : new Int32Array(size);
  if (type === "bool") return values ? Uint8Array.from(values) : new Uint8Array(size);
  if (!values) return new Float32Array(size);
  return values instanceof Float32Array ? values.slice() : Float32Array.from(values);
}
