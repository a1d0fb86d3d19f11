import { trigonometric } from "@gen/schedules";
import { key } from "@gen/tensor";
import { expect, test } from "vitest";
import { arrayEvaluator, type Points } from "../test/array-evaluator.ts";
import { brownianTree, type NoiseSource, type Step } from "./index.ts";
import { pointAt } from "./point.ts";

const evaluator = arrayEvaluator(trigonometric, (x) => x);

function increment(source: NoiseSource, from: number, to: number, count = 20_000): Points {
  const step: Step<Points> = {
    evaluator,
    x: new Float64Array(count),
    from,
    to,
    index: 0,
    times: [from, to],
    history: [],
    runKey: () => key(11),
  };
  return source(step, pointAt(trigonometric, from), pointAt(trigonometric, to));
}

const dot = (one: Points, two: Points): number =>
  one.reduce((sum, v, i) => sum + v * two[i]!, 0) / one.length;

test("a Brownian tree's increments add up to those of longer steps, over any cut", () => {
  const tree = brownianTree();
  for (const [from, middle, to] of [
    [1, 0.75, 0.5],
    [0.875, 0.625, 0.25],
  ] as const) {
    const whole = increment(tree, from, to, 8);
    const [first, second] = [increment(tree, from, middle, 8), increment(tree, middle, to, 8)];
    whole.forEach((v, i) => {
      const parts = first[i]! * Math.sqrt(from - middle) + second[i]! * Math.sqrt(middle - to);
      expect(v * Math.sqrt(from - to)).toBeCloseTo(parts, 12);
    });
  }
});

test("its increments are standard normal, and independent where they do not overlap", () => {
  const tree = brownianTree();
  const cuts = [0.9, 0.61, 0.34, 0.12];
  const parts = cuts.slice(1).map((to, i) => increment(tree, cuts[i] as number, to));
  parts.forEach((one, i) =>
    parts.forEach((two, j) => {
      expect(Math.abs(dot(one, two) - (i === j ? 1 : 0))).toBeLessThan(0.03);
    }),
  );
  const fourth = parts[0]!.reduce((sum, v) => sum + v ** 4, 0) / parts[0]!.length;
  expect(Math.abs(fourth - 3)).toBeLessThan(0.2);
});

test("a number of levels that is none is refused", () => {
  expect(() => brownianTree(0)).toThrow("levels must be a whole number from 1 to 30, got 0");
});
