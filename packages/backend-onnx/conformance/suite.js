// What run.mjs bundles: TensorFlow.js with its gradients and chained operations, the engine, the tests.
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops";
import { setBackend } from "@tensorflow/tfjs-core";
import { setTestEnvs } from "@tensorflow/tfjs-core/dist/jasmine_util";
import { registerOnnxBackend } from "../src/index.ts";

registerOnnxBackend({ threads: 1 });
setBackend("onnx");
setTestEnvs([{ name: "onnx", backendName: "onnx", isDataSync: true }]);
// After all above: the tests register themselves for the environments that are set.
require("@tensorflow/tfjs-core/dist/tests");
