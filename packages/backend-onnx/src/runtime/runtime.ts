import type { ElementType, ModelTensor } from "../onnx/types.ts";
import type { Data } from "./data.ts";

/** Where the engine may compute: `native` ones need onnxruntime-node, `wasm` and a browser's `webgpu` onnxruntime-web. */
export const devices = ["cpu", "webgpu", "cuda", "wasm"] as const;
export type Device = (typeof devices)[number];

export interface RuntimeOptions {
  /**
   * Where to compute. By default `cpu` in Node, and `wasm` in a browser. `webgpu` keeps tensors on the GPU between
   * computations.
   */
  device?: Device;
  /** Threads that one graph runs on; all cores by default (in a browser, where the page is cross-origin isolated). */
  threads?: number;
  /** In a browser: where the .wasm and .mjs files of onnxruntime-web lie, unless a bundler has placed them. */
  wasmPaths?: string;
}

/** A tensor as a runtime takes it. */
export interface RuntimeTensor {
  type: ElementType;
  shape: readonly number[];
  data: Data;
  /** The place in `data` of its first number, 0 by default. Only where there is `loadTogether` or `runSeries`. */
  offset?: number;
}

/** The bytes of a model, with its inputs' names and its outputs in the order of `Session.run`. */
export interface LoadableModel {
  model: Uint8Array;
  inputs: readonly string[];
  outputs: readonly ModelTensor[];
  /** Outputs that are inputs with a few numbers changed: they may be written over those inputs. */
  inPlace?: readonly { output: number; input: number }[];
  /** Names of nodes that a GPU's provider must leave to the CPU. */
  cpuNodes: readonly string[];
}

/** Something that runs ONNX models. */
export interface Runtime {
  /** Where it computes, for people: "cpu (2 threads)". */
  readonly device: string;
  /** What runs the operators: lowering chooses forms that it has. */
  readonly provider: Device;
  /** Channels per block of its blocked convolution operators, or 0 where it has none. */
  readonly blockSize: number;
  /** Loads a model; where that takes time, its first run waits for it. */
  load(model: LoadableModel): Session;
  /**
   * Loads models that are run at the same time, each on a share of the threads; one that is there several times, for
   * several inputs, is loaded once for each of the threads that run it. Left out where there are no threads to share.
   */
  loadTogether?(models: readonly LoadableModel[]): TogetherSession;
  /**
   * Waits for all that was started.
   *
   * @throws the first failure since the last wait
   */
  idle(): Promise<void>;
}

/** A provider with its options: an empty list of names would be refused. */
export function providerOf(
  name: Device,
  forceCpuNodeNames: readonly string[],
): { name: Device; forceCpuNodeNames?: readonly string[] } {
  return forceCpuNodeNames.length === 0 ? { name } : { name, forceCpuNodeNames };
}

/** What `Session.run` is given. */
export interface Run {
  readonly inputs: readonly RuntimeTensor[];
  readonly overwrite?: ReadonlySet<number> | undefined;
}

/** Runs of one model after the other, each of which takes results of the one before. */
export interface Series {
  readonly count: number;
  /** Of the first run. */
  readonly inputs: readonly RuntimeTensor[];
  /** Inputs whose data hold those of all runs, one after the other. */
  readonly moving: ReadonlySet<number>;
  /** Results of which the last alone are wanted, and the input of the next run that they are, if any. */
  readonly carried: readonly { output: number; input: number | undefined }[];
  /** Inputs that carried results are written over, as for `Session.run`. */
  readonly overwrite: ReadonlySet<number>;
}

/** Several loaded models that run at the same time. */
export interface TogetherSession {
  /** Runs all; answers the results of each. */
  run(runs: readonly Run[]): Data[][];
  /** Runs a series of each; no model waits for another one in between. Answers as `Session.runSeries`. */
  runSeries(series: readonly Series[]): Data[][];
  dispose(): void;
}

/** One loaded model. */
export interface Session {
  /**
   * Runs it. Results that are held are the caller's to dispose of.
   *
   * @param overwrite inputs whose numbers nobody needs after the run, each given once: it may make results of them in
   * their place, and those numbers are then gone
   */
  run(inputs: readonly RuntimeTensor[], overwrite?: ReadonlySet<number>): Data[];
  /**
   * Runs it many times with nothing to do in between. Left out where results are not in the host's memory.
   *
   * @returns what is carried, of the last run; of all else, the results of all runs, one after the other
   */
  runSeries?(series: Series): Data[];
  dispose(): void;
}
