import type { HostData } from "../graph.ts";
import type { ElementType } from "../onnx/types.ts";

export interface HostTensor {
  type: ElementType;
  shape: readonly number[];
  data: HostData;
}

/** Something that runs ONNX models. */
export interface Runtime {
  /** Where it computes, for people: "cpu (2 threads)". */
  readonly device: string;
  /** Channels per block of its blocked convolution operators, or 0 where it has none. */
  readonly blockSize: number;
  load(model: Uint8Array, inputs: readonly string[], outputs: readonly string[]): Session;
}

/** One loaded model. */
export interface Session {
  run(inputs: readonly HostTensor[]): HostData[];
  dispose(): void;
}
