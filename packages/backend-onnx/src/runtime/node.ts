import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import process from "node:process";
import type { HostData } from "../graph.ts";
import type { HostTensor, Runtime, Session } from "./runtime.ts";
import { probeBlockSize } from "./probe-block-size.ts";

/** The part of onnxruntime-node 1.30.0's inner binding that the engine calls: its `run` is synchronous. */
interface Binding {
  InferenceSession: new () => {
    loadModel(buffer: ArrayBufferLike, offset: number, length: number, options: object): void;
    run(feeds: object, fetches: object, options: object): Record<string, { data: HostData }>;
    dispose(): void;
  };
}

export interface NodeRuntimeOptions {
  /** Threads that one graph runs on; all cores by default. */
  threads?: number;
}

/**
 * ONNX Runtime's native library, through `onnxruntime-node`.
 *
 * @throws when the package or its binary for this platform is missing
 */
export function nodeRuntime(options: NodeRuntimeOptions = {}): Runtime {
  const { binding, initOrt } = loadBinding();
  initOrt();
  const threads = options.threads ?? availableParallelism();
  const sessionOptions = {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    logSeverityLevel: 4, // errors come as exceptions
    // A planned block for each graph, on top of the arena, costs half as much memory again and saves no time.
    enableMemPattern: false,
    // Threads wait awake for 100 µs, and not between runs: as fast as waiting awake for long, and on a machine that is
    // shared half the time of it (docs/performance.md).
    extra: { session: { force_spinning_stop: "1", intra_op: { spin_duration_us: "100" } } },
  };

  function load(model: Uint8Array, inputs: readonly string[], outputs: readonly string[]): Session {
    const session = new binding.InferenceSession();
    session.loadModel(model.buffer, model.byteOffset, model.byteLength, sessionOptions);
    const fetches = Object.fromEntries(outputs.map((name) => [name, null]));
    return {
      run(values: readonly HostTensor[]) {
        const feeds: Record<string, object> = {};
        for (let i = 0; i < inputs.length; i++) {
          const { type, data, shape } = values[i] as HostTensor;
          feeds[inputs[i] as string] = { type, data, dims: shape, location: "cpu" };
        }
        const results = session.run(feeds, fetches, {});
        return outputs.map((name) => (results[name] as { data: HostData }).data);
      },
      dispose: () => session.dispose(),
    };
  }

  return {
    device: `cpu (${threads} thread${threads === 1 ? "" : "s"})`,
    blockSize: probeBlockSize(load),
    load,
  };
}

interface BindingModule {
  binding: Binding;
  initOrt: () => void;
}

function loadBinding(): BindingModule {
  let loaded: Partial<BindingModule>;
  try {
    loaded = createRequire(import.meta.url)("onnxruntime-node/dist/binding") as BindingModule;
  } catch (error) {
    if (!String((error as Error).message).includes("onnxruntime_binding.node")) throw error;
    throw new Error(`onnxruntime-node has no binary for ${process.platform} ${process.arch}`, {
      cause: error,
    });
  }
  if (
    typeof loaded.initOrt !== "function" ||
    typeof loaded.binding?.InferenceSession !== "function"
  ) {
    throw new Error("this onnxruntime-node is not 1.30.0, whose inner binding the engine calls");
  }
  return loaded as BindingModule;
}
