import type { ElementType } from "../onnx/types.ts";
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
  load(model: Uint8Array, inputs: readonly string[], outputs: readonly string[]): Session;
  /**
   * Waits for all that was started.
   *
   * @throws the first failure since the last wait
   */
  idle(): Promise<void>;
}

/** One loaded model. */
export interface Session {
  /** Runs it. Results that are held are the caller's to dispose of. */
  run(inputs: readonly RuntimeTensor[]): Data[];
  dispose(): void;
}
