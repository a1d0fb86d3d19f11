import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import process from "node:process";
import type { Binding } from "./binding.ts";
import { nativeGpuRuntime } from "./native-gpu.ts";
import { type Runtime, type RuntimeOptions } from "./runtime.ts";
import type { Ort } from "./web.ts";

// What of the engine is Node's: a bundler for browsers takes browser.ts in its place (package.json, "imports").

/**
 * The runtime for Node: `onnxruntime-node` on the CPU, a GPU through WebGPU (inside its npm package), or CUDA where its
 * user has installed that provider; `onnxruntime-web` as "wasm", where there is no native binary.
 *
 * @throws when the package, its binary for this platform or the device is missing
 */
export async function createRuntime(options: RuntimeOptions = {}): Promise<Runtime> {
  const device = options.device ?? "cpu";
  const threads = options.threads ?? availableParallelism();
  if (device === "wasm") {
    const { webRuntime } = await import("./web.ts");
    return webRuntime(await loadWeb(), { provider: device, threads, wasmPaths: options.wasmPaths });
  }
  const binding = loadBinding();
  switch (device) {
    case "cpu":
    case "cuda": {
      if (device === "cuda") requireCuda();
      // Not before it is known that there is a binary: where there is none, koffi may have none either, and would say so.
      const { nativeRuntime } = await import("./native.ts");
      return nativeRuntime(ortLibrary(), { provider: device, threads });
    }
    case "webgpu":
      binding.initOrt();
      return nativeGpuRuntime(binding.binding, { threads });
    default:
      throw new Error(
        `registerOnnxBackend: "${String(device)}" is not a device; there are cpu, webgpu, cuda and wasm`,
      );
  }
}

interface BindingModule {
  binding: Binding;
  initOrt: () => void;
}

const require = createRequire(import.meta.url);

/** Where onnxruntime-node has its libraries for this platform. */
const libraries = `onnxruntime-node/bin/napi-v6/${process.platform}/${process.arch}`;

function loadBinding(): BindingModule {
  let loaded: Partial<BindingModule>;
  try {
    loaded = require("onnxruntime-node/dist/binding") as BindingModule;
  } catch (error) {
    if (!String((error as Error).message).includes("onnxruntime_binding.node")) throw error;
    throw new Error(
      `onnxruntime-node has no binary for ${process.platform} ${process.arch}; the device "wasm" works without one`,
      { cause: error },
    );
  }
  if (
    typeof loaded.initOrt !== "function" ||
    typeof loaded.binding?.InferenceSession !== "function"
  ) {
    throw new Error("this onnxruntime-node is not 1.30.0, whose inner binding the engine calls");
  }
  return loaded as BindingModule;
}

/** ONNX Runtime's own library, which the binding has loaded from beside itself. */
function ortLibrary(): string {
  const names: Partial<Record<NodeJS.Platform, string>> = {
    win32: "onnxruntime.dll",
    darwin: "libonnxruntime.1.dylib",
  };
  const file = names[process.platform] ?? "libonnxruntime.so.1";
  return require.resolve(`${libraries}/${file}`);
}

async function loadWeb(): Promise<Ort> {
  try {
    return await import("onnxruntime-web");
  } catch (error) {
    if ((error as { code?: string }).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new Error(
      'the device "wasm" needs onnxruntime-web; install it with: npm install onnxruntime-web@1.30.0',
      { cause: error },
    );
  }
}

/** Says in one sentence what ONNX Runtime would say in many lines on stderr. */
function requireCuda(): void {
  const library =
    process.platform === "win32"
      ? "onnxruntime_providers_cuda.dll"
      : "libonnxruntime_providers_cuda.so";
  try {
    require.resolve(`${libraries}/${library}`);
  } catch (error) {
    throw new Error(
      "ONNX Runtime's CUDA provider is not installed; install it (Linux and Windows on x64, with CUDA 12 and cuDNN 9) with: " +
        "npm install onnxruntime-node@1.30.0 --onnxruntime-node-install=cuda12",
      { cause: error },
    );
  }
}
