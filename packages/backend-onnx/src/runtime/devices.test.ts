import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import type { OnnxBackend } from "../backend.ts";
import { registerOnnxBackend } from "../register.ts";
import { runtimeError } from "./runtime-error.ts";

test("on WebAssembly numbers arrive asynchronously, and dataSync says what to do", async () => {
  const { device } = await registerOnnxBackend({ device: "wasm", threads: 1 });
  await tf.setBackend("onnx");
  expect(device).toBe("cpu (WebAssembly, 1 thread)");
  const y = tf.mul(tf.tensor1d([1, 2]), 3);
  expect(() => y.dataSync()).toThrow(
    'dataSync: numbers on cpu (WebAssembly, 1 thread) arrive asynchronously: use "await tensor.data()" instead',
  );
  expect([...(await y.data())]).toEqual([3, 6]);
  expect([...y.dataSync()]).toEqual([3, 6]); // they have arrived
});

test("what fails on WebAssembly is told where it is read, once, and what comes after works", async () => {
  await registerOnnxBackend({ device: "wasm", threads: 1 });
  await tf.setBackend("onnx");
  const backend = tf.backend() as OnnxBackend;
  const { graph } = backend;
  // Positions beyond the end: ONNX Runtime refuses while running.
  const x = tf.tensor1d([1, 2]);
  const bad = backend.tensor(
    graph.op("Gather", [backend.value(x), backend.value(tf.scalar(7, "int32"))], { shape: [] }),
  );
  const read = tf.engine().makeTensorFromTensorInfo(bad).data();
  await expect(read).rejects.toThrow(
    /^The operator Gather failed on cpu \(WebAssembly, 1 thread\): /,
  );
  await backend.settle();
  expect([...(await tf.add(x, 1).data())]).toEqual([2, 3]);
});

test("a device that is not there is refused with what it needs", async () => {
  await expect(registerOnnxBackend({ device: "cuda" })).rejects.toThrow(
    /CUDA provider is not installed; install it .* --onnxruntime-node-install=cuda12$/,
  );
  await expect(registerOnnxBackend({ device: "tpu" as never })).rejects.toThrow(
    'registerOnnxBackend: "tpu" is not a device; there are cpu, webgpu, cuda and wasm',
  );
});

test("errors of ONNX Runtime become one sentence each", () => {
  const told = (text: string): string => runtimeError("gpu (WebGPU)", new Error(text)).message;
  expect(told("WebGPU device lost (2): VK_ERROR_DEVICE_LOST\n    at somewhere")).toBe(
    "The GPU was lost while computing on gpu (WebGPU) (its driver was reset, or it ran out of memory): start again, with a smaller batch or another device",
  );
  expect(
    told(
      "[ONNXRuntimeError] : 9 : NOT_IMPLEMENTED : Could not find an implementation for Mod(13) node with name ''",
    ),
  ).toBe(
    "ONNX Runtime has no operator Mod for these types on gpu (WebGPU): take another device for this computation",
  );
  expect(
    told(
      "Non-zero status code returned while running MaxPool node. Name:'' Status Message: pool.cc:276 The Indices output is not supported yet.\n",
    ),
  ).toBe(
    "The operator MaxPool failed on gpu (WebGPU): pool.cc:276 The Indices output is not supported yet.",
  );
  expect(
    told(
      "webgpu_context.cc:136 adapter_result.status was false. Failed to get a WebGPU adapter: none",
    ),
  ).toMatch(/^WebGPU finds no GPU here: on Linux it needs a Vulkan driver/);
});
