// What run.mjs bundles: TensorFlow.js with its gradients and chained operations, the engine, the tests.
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops";
import { setBackend } from "@tensorflow/tfjs-core";
import { setTestEnvs } from "@tensorflow/tfjs-core/dist/jasmine_util";
import { registerOnnxBackend } from "../src/index.ts";

const device = process.env.GEN_DEVICE ?? "cpu";
await registerOnnxBackend({ device, threads: 1 });
await setBackend("onnx");
setTestEnvs([{ name: "onnx", backendName: "onnx", isDataSync: device !== "wasm" }]);
// After all above: the tests register themselves for the environments that are set.
await import("@tensorflow/tfjs-core/dist/tests");
