import { useBackend } from "@gen/tensor";
import { expect, test } from "vitest";
import { manyVariables } from "./many-variables.ts";
import { overheadOf } from "./overhead.ts";

test("a compiled step of more than 5,000 operations costs little outside ONNX Runtime's run", async () => {
  await useBackend("onnx", { device: "cpu" });
  const { nodes, compile, outside, run } = await overheadOf(manyVariables().step, 30);
  expect(nodes).toBeGreaterThan(5000);
  expect(run.wall).toBeGreaterThan(0);
  // `pnpm --filter @gen/bench overhead` measures: 1 ms, and 1 s to compile. Machines that run tests are busy.
  expect(outside.processor).toBeLessThan(10);
  expect(compile.processor).toBeLessThan(10_000);
});

test("the step of many variables computes what it says", async () => {
  await useBackend("onnx", { device: "cpu" });
  const { step, values } = manyVariables(3, 2);
  const expected = values().map((row) => [...row]);
  step();
  expected.forEach((row, i) =>
    row.forEach((start, j) => {
      const next = expected[(i + 1) % 3]![j]!;
      let x = start;
      for (let round = 0; round < 2; round++) x -= 0.1 * (x + next);
      row[j] = x;
    }),
  );
  values().forEach((row, i) => row.forEach((x, j) => expect(x).toBeCloseTo(expected[i]![j]!, 5)));
});
