export { type Engine, registerOnnxBackend } from "./register.ts";
export type { NodeRuntimeOptions } from "./runtime/node.ts";
