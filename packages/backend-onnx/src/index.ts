export { type Engine, registerOnnxBackend } from "./register.ts";
export { type Device, devices, type RuntimeOptions } from "./runtime/runtime.ts";
