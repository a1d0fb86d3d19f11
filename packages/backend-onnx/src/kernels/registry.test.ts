import "@tensorflow/tfjs-backend-cpu";
import { getKernelsForBackend } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { kernels } from "./registry.ts";

/** Kernels of the cpu backend that are not ours, and why. */
const missing: Record<string, string> = {
  Draw: "draws on a canvas of a web page",
};

test("every kernel of TensorFlow.js's cpu backend is registered, but those named with a reason", () => {
  const names = getKernelsForBackend("cpu").map(({ kernelName }) => kernelName);
  expect(names.length).toBeGreaterThan(170);
  expect(names.filter((name) => !(name in kernels) && !(name in missing))).toEqual([]);
  expect(Object.keys(missing).filter((name) => name in kernels)).toEqual([]);
});
