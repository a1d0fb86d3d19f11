import type {
  DataId,
  DataType,
  KernelBackend,
  TensorInfo,
  TypedArray,
} from "@tensorflow/tfjs-core";
import type { Recorder } from "./record-call.ts";

/** What a backend that records operations offers beyond TensorFlow.js's interface. Eager backends have none of it. */
export interface RecordingBackend extends KernelBackend {
  /** Computes all that is recorded and still alive. */
  settle(): Promise<void>;
  /** Whether it has a kernel of ours for what it now records, or runs, as one operation of its device. */
  fuses(kernelName: string): boolean;
  /** Computes what is pending, then records until the program is finished or aborted; nothing can be read meanwhile. */
  startProgram(): Program;
  /** Calls functions none of which needs what another makes: of a program, they may be computed at the same time. */
  parallel<T>(branches: readonly (() => T)[]): T[];
  /** The same for a function that is to be a model file. */
  startModel(): ModelRecording;
  /** Writes a function that was recorded at one batch size, or at several: then one model for any. */
  writeModel(
    recordings: readonly ModelRecording[],
    options: {
      batchSizes: readonly number[];
      outputNames: readonly string[];
      /** The name of a file beside the model, for the weights. */
      weightsFile?: string | undefined;
      metadata?: Readonly<Record<string, string>> | undefined;
    },
  ): Promise<WrittenModel>;
  /** A tensor of its own with the same numbers. */
  copy(tensor: TensorInfo): TensorInfo;
}

/** A function that is recorded once and then runs without any JavaScript per operation. */
export interface Program {
  /** Makes a tensor an input of the program: its numbers differ from run to run. Others are kept as constants. */
  input(dataId: DataId): void;
  /**
   * Ends the recording: these tensors are what is wanted of it.
   *
   * @param fixed inputs that need not be any: their numbers of now may become constants of the graph
   */
  finish(outputs: readonly TensorInfo[], fixed: readonly DataId[]): void;
  /** Forgets what was recorded. */
  abort(): void;
  /** Whether the numbers that a tensor has now are constants of the graph. */
  hasConstant(dataId: DataId): boolean;
  /** Operations in the compiled graph. */
  readonly nodeCount: number;
  /** Whether the program needs the input at this position. */
  reads(input: number): boolean;
  /**
   * Runs it, with a data id of the backend or host data for each input that it reads. The last outputs become the numbers
   * of the targets; where somebody shares a target they are answered as a tensor, else nothing is.
   */
  run(
    inputs: readonly (DataId | TypedArray | undefined)[],
    targets: readonly DataId[],
  ): (TensorInfo | undefined)[];
  /**
   * Runs it several times with no JavaScript in between. The first `carried` outputs are the first inputs of the next run,
   * and the targets are carried, too; the next `moving` inputs are given for all runs, rows of one tensor each: the first
   * run takes row `from`.
   *
   * @returns what is carried, of the last run, and all other results of all runs, rows of one tensor each; undefined, with
   *   nothing done, where that needs a look at every run: after a `run`, it may not
   */
  runSeries(
    series: {
      from: number;
      count: number;
      inputs: readonly (DataId | TypedArray | undefined)[];
      carried: number;
      moving: number;
      /** The position of each target's own input. */
      targetInputs: readonly number[];
    },
    targets: readonly DataId[],
  ): (TensorInfo | undefined)[] | undefined;
  dispose(): void;
}

/** A function that is recorded to be a model file. */
export interface ModelRecording extends Recorder {
  /** A tensor without numbers. */
  blank(shape: readonly number[], dtype: DataType): TensorInfo;
  /** Makes a tensor an input of the model. */
  input(tensor: TensorInfo, name: string): void;
  /** Names the numbers of a tensor, should the model read them. */
  weight(tensor: TensorInfo, name: string): void;
}

/** A tensor that a model takes or gives. */
export interface ModelTensor {
  readonly name: string;
  readonly type: string;
  /** A size that is not fixed is a text: "batch". */
  readonly shape: readonly (number | string)[];
}

export interface WrittenModel {
  model: Uint8Array;
  weights: Uint8Array | undefined;
  inputs: readonly ModelTensor[];
  outputs: readonly ModelTensor[];
}

export function isRecording(backend: KernelBackend): backend is RecordingBackend {
  return "startProgram" in backend;
}
