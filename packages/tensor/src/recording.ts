import type { DataId, KernelBackend, TensorInfo, TypedArray } from "@tensorflow/tfjs-core";

/** What a backend that records operations offers beyond TensorFlow.js's interface. Eager backends have none of it. */
export interface RecordingBackend extends KernelBackend {
  /** Computes all that is recorded and still alive. */
  settle(): Promise<void>;
  /** Computes what is pending, then records until `finish` or `abort`; nothing can be read meanwhile. */
  startProgram(): ProgramRecorder;
  /** Puts new numbers behind a data id that nobody shares. Answers false, and does nothing, when it is shared. */
  replaceData(dataId: DataId, from: DataId): boolean;
}

/** A program being recorded. */
export interface ProgramRecorder {
  /**
   * Ends the recording.
   *
   * @param inputs data ids whose numbers differ from call to call; all other data that was read is kept as constant
   * @param outputs data ids to compute
   */
  finish(inputs: readonly DataId[], outputs: readonly DataId[]): Program;
  /** Forgets all that was recorded. */
  abort(): void;
}

/** A recorded function that runs without any JavaScript per operation. */
export interface Program {
  /** Which of the inputs it reads; the others may be left out of a call. */
  readonly reads: readonly boolean[];
  readonly nodeCount: number;
  /** Runs it on one value for each input: a data id of this backend, or host data. */
  run(inputs: readonly (DataId | TypedArray)[]): TensorInfo[];
  dispose(): void;
}

export function isRecording(backend: KernelBackend): backend is RecordingBackend {
  return "startProgram" in backend;
}
