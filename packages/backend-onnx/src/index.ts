export { registerOnnxBackend } from "./register.ts";
export type { NodeRuntimeOptions } from "./runtime/node.ts";
export { OnnxBackend } from "./backend.ts";
