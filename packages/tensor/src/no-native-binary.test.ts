import { expect, test } from "vitest";
import { isInstalled } from "../test/is-installed.ts";
import { add, useBackend } from "./index.ts";

// In a file of its own: a binary, once loaded, stays in its process.
test("where the native engine has no binary, the next backend is chosen and the reason told", async ({
  skip,
}) => {
  skip(isInstalled("@tensorflow/tfjs-node"), "@tensorflow/tfjs-node is installed, and is the next");
  delete process.env["GEN_BACKEND"];
  Object.defineProperty(process, "arch", { value: "riscv64" });
  const { name, passedOver } = await useBackend();
  expect(name).toBe("cpu");
  expect(passedOver[0]).toEqual({
    name: "onnx",
    reason: `onnxruntime-node has no binary for ${process.platform} riscv64; the device "wasm" works without one.`,
  });
  expect(passedOver.map((p) => p.name)).toEqual(["onnx", "tensorflow", "webgpu"]);

  const wasm = await useBackend("onnx", { device: "wasm", threads: 1 });
  expect(wasm.device).toBe("cpu (WebAssembly, 1 thread)");
  const three = add(1, 2);
  expect([...(await three.data())]).toEqual([3]);
  three.dispose();
});
