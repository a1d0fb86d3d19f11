import type { HostData } from "./data.ts";
import { togetherLoader } from "./load-together.ts";
import { probeBlockSize } from "./probe-block-size.ts";
import type { LoadableModel, Runtime, RuntimeTensor, Session } from "./runtime.ts";
import { runtimeError } from "./runtime-error.ts";

/** A tensor of the inner binding. */
export interface NativeTensor {
  type: string;
  dims: readonly number[];
  location: "cpu" | "gpu-buffer";
  data?: HostData;
  gpuBuffer?: unknown;
  dispose?(): void;
}

export interface NativeSession {
  loadModel(buffer: ArrayBufferLike, offset: number, length: number, options: object): void;
  run(feeds: object, fetches: object, options: object): Record<string, NativeTensor>;
  dispose(): void;
}

/** The part of onnxruntime-node 1.30.0's inner binding that the engine calls: its `run` is synchronous. */
export interface Binding {
  InferenceSession: new () => NativeSession;
}

export interface NativeOptions {
  provider: "cpu" | "cuda";
  threads: number;
}

/** Session options that all native providers share. */
export function sessionOptions(threads: number): object {
  return {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    logSeverityLevel: 4, // errors come as exceptions
    // A planned block for each graph, on top of the arena, costs half as much memory again and saves no time.
    enableMemPattern: false,
    // Threads wait awake for 100 µs, and not between runs: as fast as waiting awake for long, and on a machine that is
    // shared half the time of it (docs/performance.md).
    // What is computed twice is meant to be (rematerialize.ts); the rest is made once before it comes here.
    extra: {
      optimization: { disable_specified_optimizers: "CommonSubexpressionElimination" },
      session: { force_spinning_stop: "1", intra_op: { spin_duration_us: "100" } },
    },
  };
}

/**
 * ONNX Runtime's native library with numbers in host memory: inputs are read where they are, outputs are new arrays,
 * and a run is done when it returns. With `cuda` every input and output crosses to the GPU and back, because this
 * binding keeps no tensors on that device.
 */
export function nativeRuntime(binding: Binding, { provider, threads }: NativeOptions): Runtime {
  const cores = `${threads} thread${threads === 1 ? "" : "s"}`;
  const device = provider === "cpu" ? `cpu (${cores})` : "gpu (CUDA)";
  const optionsFor = (share: number): object => ({
    ...sessionOptions(share),
    executionProviders: [provider],
  });

  function load({ model, inputs, outputs }: LoadableModel, share: number = threads): Session {
    const session = new binding.InferenceSession();
    try {
      session.loadModel(model.buffer, model.byteOffset, model.byteLength, optionsFor(share));
    } catch (error) {
      throw runtimeError(device, error);
    }
    const fetches = Object.fromEntries(outputs.map((name) => [name, null]));
    return {
      run(values: readonly RuntimeTensor[]) {
        const feeds: Record<string, object> = {};
        for (let i = 0; i < inputs.length; i++) {
          const { type, data, shape } = values[i] as RuntimeTensor;
          feeds[inputs[i] as string] = { type, data, dims: shape, location: "cpu" };
        }
        try {
          const results = session.run(feeds, fetches, {});
          return outputs.map((name) => results[name]?.data as HostData);
        } catch (error) {
          throw runtimeError(device, error);
        }
      },
      dispose: () => session.dispose(),
    };
  }

  return {
    device,
    provider,
    blockSize: provider === "cpu" ? probeBlockSize(load) : 0,
    load: (model) => load(model),
    ...(provider === "cpu" &&
      threads > 1 && { loadTogether: togetherLoader({ threads, load, optionsFor, device }) }),
    idle: () => Promise.resolve(),
  };
}
