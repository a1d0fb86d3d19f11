import { afterEach, expect, test } from "vitest";
import { isInstalled } from "../test/is-installed.ts";
import { useBackend, type BackendName } from "./index.ts";

const wanted = process.env["GEN_BACKEND"];
afterEach(() => {
  if (wanted === undefined) delete process.env["GEN_BACKEND"];
  else process.env["GEN_BACKEND"] = wanted;
});

test("the best backend here is the native engine, with nothing passed over", async () => {
  delete process.env["GEN_BACKEND"];
  const choice = await useBackend();
  expect(choice.name).toBe("onnx");
  expect(choice.device).toMatch(/^cpu \(\d+ threads?\)$/);
  expect(choice.passedOver).toEqual([]);
});

test("GEN_BACKEND chooses, and a name given overrules it", async () => {
  process.env["GEN_BACKEND"] = "cpu";
  expect((await useBackend()).name).toBe("cpu");
  expect((await useBackend("onnx")).name).toBe("onnx");
});

test("a backend that is not installed is an error that says how to install it", async ({
  skip,
}) => {
  skip(isInstalled("@tensorflow/tfjs-node"), "@tensorflow/tfjs-node is installed");
  await expect(useBackend("tensorflow")).rejects.toThrow(
    /"tensorflow" cannot be used here: it is not installed; install it with: npm install @tensorflow\/tfjs-node/,
  );
  await expect(useBackend("webgpu")).rejects.toThrow(
    /"webgpu" cannot be used here: .*navigator\.gpu/,
  );
});

test("an unknown name is refused with the names there are", async () => {
  await expect(useBackend("cuda" as BackendName)).rejects.toThrow(
    /"cuda" is not a backend; there are onnx, tensorflow, webgpu, wasm, cpu/,
  );
  process.env["GEN_BACKEND"] = "fast";
  await expect(useBackend()).rejects.toThrow(/"fast" is not a backend/);
});

test("a device is chosen by option or by GEN_DEVICE, and means the onnx backend", async () => {
  delete process.env["GEN_BACKEND"];
  process.env["GEN_DEVICE"] = "wasm";
  try {
    const choice = await useBackend();
    expect([choice.name, choice.device.slice(0, 17)]).toEqual(["onnx", "cpu (WebAssembly,"]);
  } finally {
    delete process.env["GEN_DEVICE"];
  }
  const { name, device } = await useBackend(undefined, { device: "cpu" });
  expect([name, device.includes("WebAssembly")]).toEqual(["onnx", false]);
  await expect(useBackend("onnx", { device: "tpu" as never })).rejects.toThrow(
    'useBackend: the backend "onnx" cannot be used here: registerOnnxBackend: "tpu" is not a device; there are cpu, webgpu, cuda and wasm.',
  );
});
