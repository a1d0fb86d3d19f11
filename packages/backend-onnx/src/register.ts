import { createRuntime } from "#platform";
import {
  findBackendFactory,
  getKernel,
  registerBackend,
  registerKernel,
  removeBackend,
  type TensorInfo,
} from "@tensorflow/tfjs-core";
import { OnnxBackend } from "./backend.ts";
import type { Value } from "./graph.ts";
import { callOf } from "./kernels/kernel.ts";
import { kernelFor, kernels } from "./kernels/registry.ts";
import type { Runtime, RuntimeOptions } from "./runtime/runtime.ts";

/** The engine, once registered. */
export interface Engine {
  /** Where it computes, for people: "cpu (2 threads)". */
  readonly device: string;
  /** How many graphs were compiled so far. */
  readonly compilations: number;
}

/**
 * Loads ONNX Runtime and registers the backend "onnx" with TensorFlow.js; `setBackend("onnx")` then chooses it.
 *
 * Registering it anew changes the device: tensors of the one before move when they are next used (where numbers can be
 * read at once, so not in a browser).
 *
 * @returns what is to be known of it
 * @throws when ONNX Runtime cannot be loaded here or has no such device, saying what to install
 */
export async function registerOnnxBackend(options: RuntimeOptions = {}): Promise<Engine> {
  return registerRuntime(await createRuntime(options));
}

/** Registers the backend on a runtime. */
export function registerRuntime(runtime: Runtime): Engine {
  const backend = new OnnxBackend(runtime);
  if (findBackendFactory("onnx")) removeBackend("onnx");
  registerBackend("onnx", () => backend, 10);
  if (!getKernel(Object.keys(kernels)[0] as string, "onnx")) registerKernels();
  return {
    device: backend.runtime.device,
    get compilations() {
      return backend.compilations;
    },
  };
}

/** Registers every kernel, for whichever runtime the backend then has. */
function registerKernels(): void {
  for (const kernelName of Object.keys(kernels)) {
    registerKernel({
      kernelName,
      backendName: "onnx",
      kernelFunc: ({ inputs, attrs, backend: current }) => {
        const backend = current as OnnxBackend;
        const tensor = (value: Value | TensorInfo): TensorInfo =>
          "dataId" in value ? value : backend.tensor(value);
        const kernel = kernelFor(kernelName, inputs, attrs?.["dtype"]);
        const result = kernel(callOf(backend, inputs as never, attrs));
        return Array.isArray(result) ? result.map(tensor) : tensor(result);
      },
    });
  }
}
