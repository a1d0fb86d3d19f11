import { registerGradients } from "./gradients/index.ts";
import { padForTensorFlow } from "./tensorflow-padding.ts";
import {
  enableProdMode,
  engine,
  env,
  findBackend,
  findBackendFactory,
  setBackend,
} from "@tensorflow/tfjs-core";

/** The backends by name, best first. */
export const backendNames = ["onnx", "tensorflow", "webgpu", "wasm", "cpu"] as const;
export type BackendName = (typeof backendNames)[number];

export interface BackendChoice {
  name: BackendName;
  /** Where it computes, for people: "cpu (2 threads)". */
  device: string;
  /** Each better backend, and why it was passed over, in one sentence with the command that installs it. */
  passedOver: { name: BackendName; reason: string }[];
}

/** Where the onnx backend may compute; `@gen/backend-onnx` tells what each needs. */
export type OnnxDevice = "cpu" | "webgpu" | "cuda" | "wasm";

export interface BackendOptions {
  /**
   * Where the onnx backend computes: the environment variable GEN_DEVICE, else its best device, if left out. Another
   * device than before replaces it; tensors move when they are next used.
   */
  device?: OnnxDevice;
  /** Threads that the onnx backend computes with, when it is first loaded; all cores by default. */
  threads?: number;
  /** In a browser: where the files of onnxruntime-web lie, unless a bundler has placed them. */
  wasmPaths?: string;
}

interface Loader {
  /** Loads and registers the backend, and answers where it computes. */
  load(options: BackendOptions): Promise<string>;
  install: string;
}

const loaders: Record<BackendName, Loader> = {
  onnx: {
    install:
      "npm install @gen/backend-onnx onnxruntime-node@1.30.0 --onnxruntime-node-install=skip",
    async load(options) {
      // Bundlers take it where it is installed; in `try` they accept that it is not.
      try {
        const { registerOnnxBackend } = await import("@gen/backend-onnx");
        return (await registerOnnxBackend(options)).device;
      } catch (error) {
        throw error instanceof Error ? error : new Error(String(error));
      }
    },
  },
  tensorflow: {
    install: "npm install @tensorflow/tfjs-node (or @tensorflow/tfjs-node-gpu for CUDA)",
    async load() {
      await restoreNodeUtil();
      const device = await optional("@tensorflow/tfjs-node-gpu").then(
        () => "TensorFlow's native library (CUDA where its driver is found)",
        async () => {
          await optional("@tensorflow/tfjs-node");
          return "TensorFlow's native library (cpu)";
        },
      );
      padForTensorFlow();
      return device;
    },
  },
  webgpu: {
    install: "npm install @tensorflow/tfjs-backend-webgpu",
    async load() {
      if (!(globalThis as { navigator?: { gpu?: unknown } }).navigator?.gpu) {
        throw new Error("there is no navigator.gpu here");
      }
      await optional("@tensorflow/tfjs-backend-webgpu", "webgpu");
      return "gpu";
    },
  },
  wasm: {
    install: "npm install @tensorflow/tfjs-backend-wasm",
    async load() {
      await optional("@tensorflow/tfjs-backend-wasm", "wasm");
      return "cpu (WebAssembly)";
    },
  },
  cpu: {
    install: "npm install @tensorflow/tfjs-backend-cpu",
    async load() {
      await optional("@tensorflow/tfjs-backend-cpu", "cpu");
      return "cpu (1 thread, JavaScript)";
    },
  },
};

/**
 * Chooses the backend that computes: the one named, else the one that the environment variable GEN_BACKEND names, else
 * the best that works here. Backends are optional: only what is installed can be chosen.
 *
 * A bundler for browsers cannot see which is meant: import TensorFlow.js's own there, as in
 * `import "@tensorflow/tfjs-backend-cpu"`; the onnx backend is bundled where it is installed.
 *
 * WebAssembly computes a few operations wrongly (docs of the package say which), and is chosen by name only. Whoever names
 * a device asks for the onnx backend.
 *
 * @throws when the one named cannot be loaded, saying why and how to install it; or when none can
 */
export async function useBackend(
  name?: BackendName,
  options: BackendOptions = {},
): Promise<BackendChoice> {
  const device = options.device ?? (fromEnvironment("GEN_DEVICE") as OnnxDevice | undefined);
  const given = device === undefined ? options : { ...options, device };
  const wanted =
    name ??
    (fromEnvironment("GEN_BACKEND") as BackendName | undefined) ??
    (device === undefined ? undefined : "onnx");
  if (wanted !== undefined) {
    if (!backendNames.includes(wanted)) {
      throw new Error(
        `useBackend: "${String(wanted)}" is not a backend; there are ${backendNames.join(", ")}`,
      );
    }
    try {
      return { name: wanted, device: await start(wanted, given), passedOver: [] };
    } catch (error) {
      throw new Error(
        `useBackend: the backend "${wanted}" cannot be used here: ${reasonOf(wanted, error)}`,
        {
          cause: error,
        },
      );
    }
  }
  const passedOver: BackendChoice["passedOver"] = [];
  for (const candidate of backendNames) {
    if (candidate === "wasm") continue;
    try {
      return { name: candidate, device: await start(candidate, given), passedOver };
    } catch (error) {
      passedOver.push({ name: candidate, reason: reasonOf(candidate, error) });
    }
  }
  throw new Error(
    `useBackend: no backend works here. ${passedOver.map((p) => `${p.name}: ${p.reason}`).join(" ")}`,
  );
}

/** What is loaded: where each computes, and the device that was asked for. */
const loaded = new Map<BackendName, { device: string; asked: OnnxDevice | undefined }>();

async function start(name: BackendName, options: BackendOptions): Promise<string> {
  const before = loaded.get(name);
  const other = options.device !== undefined && options.device !== before?.asked;
  let device = before?.device;
  if (device === undefined || !findBackend(name) || (name === "onnx" && other)) {
    device = await loaders[name].load(options);
    loaded.set(name, { device, asked: options.device });
  }
  enableProdMode(); // no banners and no checks of every operation
  if (!(await setBackend(name))) throw new Error("TensorFlow.js could not initialise it");
  await engine().ready();
  // Another copy of TensorFlow.js may have put its own gradients in place of ours.
  registerGradients();
  return device;
}

/**
 * Imports a package that need not be installed; the name is a variable so that bundlers leave it alone. What is bundled
 * for a browser imports its backend itself, and it is then registered already.
 */
async function optional(specifier: string, registers = ""): Promise<void> {
  if (findBackendFactory(registers)) return;
  await import(/* @vite-ignore */ specifier);
}

function fromEnvironment(name: string): string | undefined {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  return process?.env?.[name] || undefined;
}

function reasonOf(name: BackendName, error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  const missing =
    code === "ERR_MODULE_NOT_FOUND" ||
    code === "MODULE_NOT_FOUND" ||
    /^(Cannot find (package|module)|Could not resolve|Failed to (load|resolve))/.test(
      message ?? "",
    );
  const why = missing ? "it is not installed" : String(message ?? error).split("\n")[0];
  return missing ? `${why}; install it with: ${loaders[name].install}` : `${why}.`;
}

/** TensorFlow's published Node build calls two functions of node:util that Node 23 removed. */
async function restoreNodeUtil(): Promise<void> {
  if (!env().getBool("IS_NODE")) throw new Error("it runs in Node only");
  const specifier = "node:module"; // a variable, so that bundlers for browsers leave it alone
  const { createRequire } = (await import(/* @vite-ignore */ specifier)) as {
    createRequire(from: string): (name: string) => Record<string, unknown>;
  };
  const util = createRequire(import.meta.url)("node:util");
  util["isNullOrUndefined"] ??= (value: unknown): boolean => value === null || value === undefined;
  util["isArray"] ??= Array.isArray;
}
