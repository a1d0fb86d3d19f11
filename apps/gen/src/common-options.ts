import type { BackendName, OnnxDevice } from "@gen/tensor";

/** Best first. */
export const backendNames: readonly BackendName[] = ["onnx", "tensorflow", "webgpu", "wasm", "cpu"];

/** Where the onnx backend may compute. */
export const deviceNames: readonly OnnxDevice[] = ["cpu", "webgpu", "cuda", "wasm"];

/** An option that takes one of a few words. */
export function choice(
  description: string,
  options: readonly string[],
): { type: "enum"; options: string[]; description: string } {
  return { type: "enum", options: [...options], description };
}

/** Options that every command takes. */
export const commonOptions = {
  json: {
    type: "boolean",
    description: "Print JSON, one object a line, and nothing else on stdout",
  },
  debug: { type: "boolean", description: "Print the stack trace of an error" },
} as const;

/** For commands that compute. */
export const computeOptions = {
  backend: choice(
    "What computes; the best that works here if left out (gen doctor tells)",
    backendNames,
  ),
  device: choice("Where the onnx backend computes; the CPU if left out", deviceNames),
  ...commonOptions,
} as const;

/** Where real data sets lie. */
export const dataOption = {
  data: {
    type: "string",
    valueHint: "folder",
    description: "Folder that holds mnist/ and cifar10/ (else $GEN_DATA, else ../shared/data)",
  },
} as const;
