import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { cpuKernels, kernelTable, missing } from "../../test/kernel-table.ts";
import { kernels } from "./registry.ts";

test("every kernel of TensorFlow.js's cpu backend is registered, but those named with a reason", () => {
  const names = cpuKernels();
  expect(names.length).toBeGreaterThan(170);
  expect(names.filter((name) => !(name in kernels) && !(name in missing))).toEqual([]);
  expect(Object.keys(missing).filter((name) => name in kernels)).toEqual([]);
});

test("docs/kernels.md says what becomes of each", () => {
  const text = readFileSync(new URL("../../../../docs/kernels.md", import.meta.url), "utf8");
  const cells = (table: string): string[] =>
    table.split("\n").map((line) => line.replaceAll(/[ -]+/g, " "));
  expect(cells(text), "run `pnpm --filter @gen/backend-onnx kernels`").toEqual(
    cells(kernelTable()),
  );
});
