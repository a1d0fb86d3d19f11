export * from "./ops.ts";
export { divNoNan, logSoftmax, registerGradients, stopGradient } from "./gradients/index.ts";
export {
  bernoulli,
  categorical,
  draw,
  gumbel,
  normal,
  randint,
  truncatedNormal,
  uniform,
} from "./random.ts";
export {
  Key,
  bits,
  foldIn,
  gumbelArray,
  key,
  keyFromJSON,
  normalArray,
  permutation,
  split,
  truncatedNormalArray,
  uniformArray,
} from "@gen/random";
export { compile, type Compiled } from "./compile.ts";
export { compileScan, type CompiledScan } from "./compile-scan.ts";
export { exportOnnx, type OnnxExport, type OnnxExportOptions } from "./export-onnx.ts";
export { fusedKernel } from "./fused-kernel.ts";
export type { ModelTensor } from "./recording.ts";
export { inShards, parallel } from "./parallel.ts";
export { settle } from "./settle.ts";
export {
  useBackend,
  type BackendChoice,
  type BackendName,
  type BackendOptions,
  type OnnxDevice,
} from "./use-backend.ts";
