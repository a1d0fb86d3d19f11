import { describe, expect, test } from "vitest";
import { rectifiedFlow, trigonometric, uniformGrid } from "@gen/schedules";
import { numberEvaluator } from "../test/gaussian.ts";
import { euler, heun, rungeKutta, type Sampler, type SamplerState } from "./index.ts";

const data = { mean: 0.5, std: 0.3 };

/** Every solver, by how it is made from its times. A new one is tested by being listed. */
const solvers: ((times: number[]) => Sampler)[] = [euler, heun];

function solve(sampler: Sampler, path = rectifiedFlow, z = 1.2): number {
  let state = { index: 0, x: z };
  const evaluator = numberEvaluator(path, data);
  while (state.index < sampler.times.length - 1) state = sampler.step(state, evaluator);
  return state.x;
}

test("Euler on rectified flow has the golden values", () => {
  const golden = { 1: 0.5, 5: 0.739857164722891, 10: 0.7962385917719148, 50: 0.8463848107512723 };
  for (const [steps, value] of Object.entries(golden)) {
    expect(solve(euler(uniformGrid(Number(steps))))).toBeCloseTo(value, 13);
  }
});

describe.each(solvers.map((make) => [make([1, 0]).name, make] as const))("%s", (_name, make) => {
  test.each([rectifiedFlow, trigonometric])(
    "converges with its order on the path $name",
    (path) => {
      // Both paths end in pure noise, which the flow takes to mean + std·z.
      const exact = data.mean + data.std * 1.2;
      const errors = [320, 640, 1280].map((n) =>
        Math.abs(solve(make(uniformGrid(n)), path) - exact),
      );
      for (const i of [1, 2]) {
        const slope = Math.log2((errors[i - 1] as number) / (errors[i] as number));
        expect(Math.abs(slope - make([1, 0]).order)).toBeLessThan(0.1);
      }
    },
  );

  test("a step leaves its state alone, and two runs in turns do not disturb each other", () => {
    const sampler = make(uniformGrid(6));
    const evaluator = numberEvaluator(rectifiedFlow, data);
    let one: SamplerState<number> = Object.freeze({ index: 0, x: 1.2 });
    let two: SamplerState<number> = Object.freeze({ index: 0, x: -0.4 });
    for (let i = 0; i < 6; i++) {
      one = Object.freeze(sampler.step(one, evaluator));
      two = Object.freeze(sampler.step(two, evaluator));
    }
    expect([one.x, two.x]).toEqual([solve(sampler), solve(sampler, rectifiedFlow, -0.4)]);
    expect(() => sampler.step(one, evaluator)).toThrow("step 6 does not exist, the plan has 6");
  });

  test("does not change when the caller's list of times does", () => {
    const times = uniformGrid(4);
    const sampler = make(times);
    times[1] = 0.1;
    expect(sampler.times).toEqual([1, 0.75, 0.5, 0.25, 0]);
    expect(Object.isFrozen(sampler) && Object.isFrozen(sampler.times)).toBe(true);
  });

  test("refuses times that do not fall, in one sentence", () => {
    expect(() => make([1])).toThrow("times must hold at least 2 numbers (one step), got 1");
    expect(() => make([1, 0.5, 0.5, 0])).toThrow("got 0.5 after 0.5 at place 2");
    expect(() => make([1, NaN])).toThrow("got NaN after 1 at place 1");
    expect(() => make([1, -0.1])).toThrow("not go below 0, got -0.1");
  });
});

test("Heun evaluates twice a step, but only once in the step to 0", () => {
  const times: number[] = [];
  const evaluator = numberEvaluator(rectifiedFlow, data);
  const sampler = heun([1, 0.5, 0]);
  let state = { index: 0, x: 1.2 };
  while (state.index < 2) {
    state = sampler.step(state, {
      ...evaluator,
      predict: (x, t, wanted) => {
        times.push(t);
        return evaluator.predict(x, t, wanted);
      },
    });
  }
  expect(times).toEqual([1, 0.5, 0.5]);
});

test("a tableau whose rows do not fit is refused", () => {
  const broken = { order: 2, c: [0, 1], a: [[], []], b: [0.5, 0.5] };
  expect(() => rungeKutta("mine", broken, [1, 0])).toThrow(
    "mine: a tableau of 2 stages needs 2 numbers in b",
  );
});
