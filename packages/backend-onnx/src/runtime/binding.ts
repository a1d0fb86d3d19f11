import type { HostData } from "./data.ts";
import { sessionConfig } from "./session-config.ts";

/** A tensor of the inner binding. */
export interface BindingTensor {
  type: string;
  dims: readonly number[];
  location: "cpu" | "gpu-buffer";
  data?: HostData;
  gpuBuffer?: unknown;
  dispose?(): void;
}

export interface BindingSession {
  loadModel(buffer: ArrayBufferLike, offset: number, length: number, options: object): void;
  run(feeds: object, fetches: object, options: object): Record<string, BindingTensor>;
  dispose(): void;
}

/** The part of onnxruntime-node 1.30.0's inner binding that the engine calls: its `run` is synchronous. */
export interface Binding {
  InferenceSession: new () => BindingSession;
}

/** The binding's form of what the C API is told. */
export function bindingOptions(threads: number): object {
  return {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    logSeverityLevel: 4, // errors come as exceptions
    enableMemPattern: false,
    extra: nested(sessionConfig),
  };
}

/** Keys with points as objects in objects. */
function nested(config: Readonly<Record<string, string>>): object {
  const all: Record<string, Record<string, string>> = {};
  for (const [key, value] of Object.entries(config)) {
    const point = key.indexOf(".");
    (all[key.slice(0, point)] ??= {})[key.slice(point + 1)] = value;
  }
  return all;
}
