import type { Runtime, RuntimeOptions } from "./runtime.ts";
import { webRuntime } from "./web.ts";

/** What is asked of a browser's WebGPU; TypeScript's own library does not know it yet. */
interface Gpu {
  requestAdapter(): Promise<{ info?: { isFallbackAdapter?: boolean } } | null>;
}

/**
 * The runtime for browsers, on `onnxruntime-web`: a GPU through WebGPU where there is one, else WebAssembly, with
 * threads where the page is cross-origin isolated.
 *
 * @throws when the device that is asked for is not there
 */
export async function createRuntime(options: RuntimeOptions = {}): Promise<Runtime> {
  const provider = options.device ?? ((await hasGpu()) ? "webgpu" : "wasm");
  const threads = globalThis.crossOriginIsolated
    ? (options.threads ?? navigator.hardwareConcurrency)
    : 1;
  const { wasmPaths } = options;
  switch (provider) {
    case "wasm":
      return webRuntime(await import("onnxruntime-web/wasm"), { provider, threads, wasmPaths });
    case "webgpu":
      await requireGpu();
      return webRuntime(await import("onnxruntime-web/webgpu"), { provider, threads, wasmPaths });
    default:
      throw new Error(
        `registerOnnxBackend: a browser has no device "${provider}"; there are wasm and webgpu`,
      );
  }
}

function gpu(): Gpu | undefined {
  return (navigator as { gpu?: Gpu }).gpu;
}

/** A software adapter is slower than WebAssembly: it is taken by name only. */
async function hasGpu(): Promise<boolean> {
  const adapter = await gpu()?.requestAdapter();
  return Boolean(adapter) && !adapter?.info?.isFallbackAdapter;
}

async function requireGpu(): Promise<void> {
  if (!gpu()) {
    throw new Error(
      "This browser has no WebGPU, or the page is not served over https or from localhost",
    );
  }
  if (!(await gpu()?.requestAdapter())) {
    throw new Error(
      "This browser's WebGPU finds no GPU that it may use; the device wasm works without",
    );
  }
}
