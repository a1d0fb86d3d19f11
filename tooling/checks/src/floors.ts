/**
 * The floors of the house, lowest first (docs/architecture.md). A package may import packages of lower floors, and of
 * its own floor only where `sideways` lists it.
 */
export const floors: readonly (readonly string[])[] = [
  ["random", "safetensors", "data"],
  ["backend-onnx"],
  ["tensor"],
  ["schedules", "nn", "probability"],
  ["samplers", "train", "metrics"],
  ["vae", "gan", "diffusion", "autoregressive"],
];

/** Who may import whom on one floor. */
export const sideways: Readonly<Record<string, readonly string[]>> = {
  data: ["random"],
  probability: ["schedules"],
};

/** Packages that need no tensors and may import only floor 0: who installs them gets no TensorFlow.js. */
export const withoutTensors: readonly string[] = [
  "random",
  "safetensors",
  "data",
  "schedules",
  "metrics",
];

/** The only packages that import TensorFlow.js: everybody else gets its operations from @gen/tensor. */
export const mayImportTensorFlow: readonly string[] = ["backend-onnx", "tensor"];

/** Globals that packages do not use: files, clock, process, console and ambient randomness belong to the apps. */
export const ambient: RegExp =
  /\b(?:console|process|Deno|Bun|Buffer|__dirname|performance)\s*(?:\?\.|\.|\[)|\b(?:Math\.random|Date\.now|new Date|setInterval)\b/g;

/** What single files may use all the same, each with its reason: modules of Node, and globals. */
export const exceptions: Readonly<Record<string, readonly string[]>> = {
  // Loads the native module, which only `require` can, asks how many threads there are, and names the platform.
  "backend-onnx/runtime/node.ts": ["node:module", "node:os", "node:process", "process."],
  "backend-onnx/runtime/helper.ts": ["node:module", "node:worker_threads"],
  // The `time` of TensorFlow.js's backend protocol is a stopwatch.
  "backend-onnx/backend.ts": ["performance."],
  // Restores what TensorFlow's Node build misses, and reads GEN_BACKEND.
  "tensor/use-backend.ts": ["node:module", "node:util", "process?."],
};

/** The floor of a package. */
export function floorOf(name: string): number {
  const floor = floors.findIndex((names) => names.includes(name));
  if (floor < 0) throw new Error(`floorOf: @gen/${name} has no floor; add it to floors.ts`);
  return floor;
}

/** Whether package `from` may import package `to`. */
export function mayImport(from: string, to: string): boolean {
  if (from === to) return true;
  if (withoutTensors.includes(from) && floorOf(to) > 0) return false;
  return floorOf(to) < floorOf(from) || (sideways[from]?.includes(to) ?? false);
}
