import type { DataId, DataType, TensorInfo, TypedArray } from "@tensorflow/tfjs-core";
import type { OnnxBackend } from "./backend.ts";
import { elementTypeOf } from "./data-type.ts";
import { type Node, sameShape, sizeOf, type Value } from "./graph.ts";
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

export interface SeriesOptions {
  from: number;
  count: number;
  /** A data id or host data for each input that is read. */
  inputs: readonly (DataId | TypedArray | undefined)[];
  carried: number;
  moving: number;
  /** The position of each target's own input. */
  targetInputs: readonly number[];
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
      const { graph } = this.#backend;
      const results = outputs.map((tensor) => {
        // One that is wanted in another shape gets it in the branch that makes it.
        graph.branch = this.#access.entry(tensor.dataId).value.node?.branch;
        return this.#backend.value(tensor);
      });
      graph.branch = undefined;
      const nodes = neededNodes(graph.nodes, results);
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
    const session = this.#begin();
    const overwritten = this.#overwritten(inputs, targets);
    return this.#answers(session.run(this.#feedsOf(inputs), overwritten), targets);
  }

  /**
   * Runs it several times with no JavaScript in between. The first `carried` outputs are the first inputs of the next run,
   * and the targets are carried, too; the next `moving` inputs are given for all runs, rows of one tensor each: the first
   * run takes row `from`.
   *
   * @returns what is carried, of the last run, and all other results of all runs, rows of one tensor each; undefined, with
   * nothing done, where that needs a look at every run: after a `run`, it may not
   */
  runSeries(
    { from, count, inputs, carried, moving, targetInputs }: SeriesOptions,
    targets: readonly DataId[] = [],
  ): (TensorInfo | undefined)[] | undefined {
    if (!this.#session?.runSeries) return undefined;
    const session = this.#begin();
    const overwrite = this.#overwritten(inputs, targets);
    if (overwrite.size < session.inPlace.length) return undefined;
    const first = this.#outputs.length - targets.length;
    const isCarried = (output: number): boolean => output < carried || output >= first;
    /** Where a carried output is read: at most once, and as it is. */
    const feedsOf = (output: number): number[] => {
      const at = output < first ? output : targetInputs[output - first];
      return this.#feeds.flatMap((feed, i) => (feed.at === at ? [i] : []));
    };
    const plain = this.#outputs.every((output, i) => {
      const feeds = isCarried(i) ? feedsOf(i) : [];
      return feeds.length <= 1 && feeds.every((feed) => alike(this.#feeds[feed]!, output));
    });
    if (!plain) return undefined;
    const moves = this.#feeds.map(({ at }) => at >= carried && at < carried + moving);
    const results = session.runSeries!({
      count,
      inputs: this.#feedsOf(inputs).map((feed, i) =>
        moves[i] ? { ...feed, offset: from * sizeOf(feed.shape) } : feed,
      ),
      moving: new Set(moves.flatMap((does, i) => (does ? [i] : []))),
      carried: this.#outputs.flatMap((_, output) =>
        isCarried(output) ? [{ output, input: feedsOf(output)[0] }] : [],
      ),
      overwrite,
    });
    return results && this.#answers(results, targets, (i) => (isCarried(i) ? [] : [count]));
  }

  #begin(): LoadedStages {
    if (!this.#session) throw new Error("A compiled function was called after it was disposed of");
    this.#backend.flush();
    return this.#session;
  }

  #feedsOf(inputs: readonly (DataId | TypedArray | undefined)[]): RuntimeTensor[] {
    const feeds = this.#feeds.map(({ at, type, shape }): RuntimeTensor => {
      const input = inputs[at] as DataId | TypedArray;
      const data = ArrayBuffer.isView(input)
        ? (input as HostData)
        : (this.#access.entry(input).value.data as Data);
      return { type, shape, data };
    });
    return [...feeds, ...this.#fixed];
  }

  /** Inputs of targets that only this program needs: they may be written over where new numbers are the old ones but for a few. */
  #overwritten(
    inputs: readonly (DataId | TypedArray | undefined)[],
    targets: readonly DataId[],
  ): Set<number> {
    const first = this.#outputs.length - targets.length;
    const overwritten = this.#session!.inPlace.filter(({ output, input }) => {
      const at = this.#feeds[input]?.at;
      const target = targets[output - first];
      if (at === undefined || !target || inputs[at] !== target) return false;
      const alone = this.#feeds.filter((feed) => inputs[feed.at] === target).length === 1;
      return alone && this.#access.owns(target);
    });
    return new Set(overwritten.map(({ input }) => input));
  }

  /**
   * Gives the targets their numbers; answers the rest as tensors.
   *
   * @param leading dimensions of an output before those of one run
   */
  #answers(
    results: readonly (Data | undefined)[],
    targets: readonly DataId[],
    leading: (output: number) => number[] = () => [],
  ): (TensorInfo | undefined)[] {
    const first = this.#outputs.length - targets.length;
    return this.#outputs.map(({ shape: each, dtype }, i) => {
      const data = results[i];
      if (i >= first && this.#access.replace(targets[i - first] as DataId, data)) return undefined;
      const type = elementTypeOf(dtype);
      const shape = [...leading(i), ...each];
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

/** Whether a result can be an input of the next run. */
function alike(
  { type, shape }: Pick<RuntimeTensor, "type" | "shape">,
  output: { shape: readonly number[]; dtype: DataType },
): boolean {
  return type === elementTypeOf(output.dtype) && sameShape(shape, output.shape);
}
