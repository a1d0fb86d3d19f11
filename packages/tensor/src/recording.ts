import type { DataId, KernelBackend, TensorInfo, TypedArray } from "@tensorflow/tfjs-core";

/** What a backend that records operations offers beyond TensorFlow.js's interface. Eager backends have none of it. */
export interface RecordingBackend extends KernelBackend {
  /** Computes all that is recorded and still alive. */
  settle(): Promise<void>;
  /** Computes what is pending, then records until the program is finished or aborted; nothing can be read meanwhile. */
  startProgram(): Program;
  /** A tensor of its own with the same numbers. */
  copy(tensor: TensorInfo): TensorInfo;
  /** Gives a data id the numbers of another, unless somebody shares it; answers whether it did. */
  replaceData(dataId: DataId, from: DataId): boolean;
}

/** A function that is recorded once and then runs without any JavaScript per operation. */
export interface Program {
  /** Makes a tensor an input of the program: its numbers differ from run to run. Others are kept as constants. */
  input(dataId: DataId): void;
  /** Ends the recording. */
  finish(outputs: readonly TensorInfo[]): void;
  /** Forgets what was recorded. */
  abort(): void;
  /** Operations in the compiled graph. */
  readonly nodeCount: number;
  /** Whether the program needs the input at this position. */
  reads(input: number): boolean;
  /** Runs it, with a data id of the backend or host data for each input that it reads. */
  run(inputs: readonly (DataId | TypedArray | undefined)[]): TensorInfo[];
  dispose(): void;
}

export function isRecording(backend: KernelBackend): backend is RecordingBackend {
  return "startProgram" in backend;
}
