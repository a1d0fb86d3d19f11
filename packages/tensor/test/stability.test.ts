import { expectClose } from "@gen/testing";
import { engine } from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import {
  add,
  addN,
  compile,
  dispose,
  foldIn,
  inShards,
  key,
  type Key,
  matMul,
  mean,
  memory,
  mul,
  normal,
  scalar,
  settle,
  sqrt,
  sum,
  tanh,
  tensor,
  type Tensor,
  tidy,
  useBackend,
  variable,
  zeros,
} from "../src/index.ts";
import { regression, type Regression } from "./regression.ts";

let before = 0;
beforeAll(async () => {
  await useBackend("onnx");
});
beforeEach(() => {
  before = memory().numTensors;
});
afterEach(() => {
  expect(memory().numTensors, "tensors left behind").toBe(before);
});

/** Graphs that the engine has compiled: each has a session of its own. */
function sessions(): number {
  return (engine().backend as unknown as { compilations: number }).compilations;
}

/** What a long run may take more of: bytes of the process, tensors, their data, sessions. */
function taken(): { rss: number; tensors: number; data: number; sessions: number } {
  const { numTensors, numDataBuffers } = memory();
  return {
    rss: process.memoryUsage.rss(),
    tensors: numTensors,
    data: numDataBuffers,
    sessions: sessions(),
  };
}

/**
 * Runs until the process has taken what it takes (V8 sizes its heap as it goes), and then once more without growth. What
 * leaks grows every time.
 */
async function expectNoGrowth(run: () => Promise<void> | void, warmUps = 4): Promise<void> {
  await run();
  for (let attempt = 1; ; attempt++) {
    const early = taken();
    await run();
    const late = taken();
    expect({ ...late, rss: 0 }).toEqual({ ...early, rss: 0 });
    if (late.rss <= early.rss * 1.1) return;
    expect(attempt, `${late.rss} bytes, ${early.rss} before`).toBeLessThan(warmUps);
  }
}

test("100,000 small compiled calls take no more memory, tensors or sessions", async () => {
  const start = scalar(0);
  const count = variable(start);
  const next = compile((x: Tensor) => {
    count.assign(add(count, 1));
    return add(mul(x, 2), count);
  });
  const x = tensor([1, 2, 3]);
  let calls = 0;
  await expectNoGrowth(() => {
    for (let i = 0; i < 100_000; i++, calls++) next(x).dispose();
  });
  expect(next.stats).toMatchObject({ calls, compilations: 1 });
  expect(count.dataSync()[0]).toBe(calls);
  next.dispose();
  dispose([x, start, count]);
}, 180_000);

test("2,000 training steps that are not compiled take no more", async () => {
  const { step, variables } = regression();
  const rate = scalar(0.01);
  let steps = 0;
  await expectNoGrowth(async () => {
    for (let i = 0; i < 2000; i++) {
      step(foldIn(key(5), steps++), rate).loss.dispose();
      await settle();
    }
  });
  dispose([rate, ...variables]);
}, 180_000);

/** Losses of a run of training steps, and the weights after it. */
function losses(
  { step, variables }: Regression,
  counts: readonly number[],
  stepWith: Regression["step"] = step,
): number[] {
  const rate = scalar(0.05);
  const all = counts.map((count, i) => {
    const { loss } = stepWith(foldIn(key(9), i), rate, count);
    const [number] = loss.dataSync();
    loss.dispose();
    return number as number;
  });
  const weights = variables.flatMap((v) => [...v.dataSync()]);
  dispose([rate, ...variables]);
  return [...all, ...weights];
}

test("a shape that changes in the middle of a run and back costs one compilation and no accuracy", () => {
  const counts = [32, 32, 32, 7, 32, 7, 32];
  const compiled = regression();
  const step = compile(compiled.step);
  expectClose(losses(compiled, counts, step), losses(regression(), counts), 1e-5);
  expect(step.stats.compilations).toBe(2);
  expect(step.stats.explain()[1]).toContain("argument 2 changed its value from 32 to 7");
  step.dispose();
});

test("a NaN stays in its own call: the next one is as if it had not been", () => {
  const start = scalar(1);
  const v = variable(start);
  const root = compile((x: Tensor) => {
    const y = sqrt(x);
    return { y, sum: sum(mul(y, v)) };
  });
  const [good, bad] = [tensor([4, 9]), tensor([4, -9])];
  const call = (x: Tensor): number[] => {
    const { y, sum: total } = root(x);
    const numbers = [...y.dataSync(), ...total.dataSync()];
    dispose([y, total]);
    return numbers;
  };
  expect(call(good)).toEqual([2, 3, 5]);
  expect(call(bad)).toEqual([2, NaN, NaN]);
  expect(call(good)).toEqual([2, 3, 5]);
  expect(root.stats.compilations).toBe(1);
  root.dispose();
  dispose([good, bad, start, v]);
});

test("an exception in the middle of a training step leaves the run as if that step had not been", () => {
  const failing = regression();
  let fails = false;
  const step = compile((k: Key, rate: Tensor, count?: number) => {
    const result = failing.step(k, rate, count);
    if (fails) throw new Error("no such step");
    return result;
  });
  const stepOrFail: Regression["step"] = (k, rate, count) => {
    if (count === 8) {
      fails = true;
      expect(() => step(k, rate, 16)).toThrow("no such step");
      fails = false;
    }
    return step(k, rate, count);
  };
  const counts = [32, 32, 8, 16, 32];
  expectClose(losses(failing, counts, stepOrFail), losses(regression(), counts), 1e-5);
  expect(step.stats.compilations).toBe(3);
  step.dispose();
});

test("5,000 compiled steps in shards take no more memory, tensors or sessions", async () => {
  const weights = tidy(() => variable(zeros([64, 64])));
  const step = compile((x: Tensor, k: Key) =>
    tidy(() => {
      const parts = inShards(2, { x, k }, (part) => {
        const noisy = add(part.x, normal(part.k, part.x.shape));
        return mean(matMul(tanh(matMul(noisy, weights)), weights), 0);
      });
      weights.assign(add(mul(weights, 0.9), mul(addN(parts), 1e-3)));
      return mean(weights);
    }),
  );
  const x = tidy(() => normal(key(1), [256, 64]));
  let calls = 0;
  await expectNoGrowth(() => {
    for (let i = 0; i < 2500; i++) step(x, foldIn(key(2), calls++)).dispose();
  });
  expect(step.stats.compilations).toBe(1);
  step.dispose();
  dispose([x, weights]);
});
