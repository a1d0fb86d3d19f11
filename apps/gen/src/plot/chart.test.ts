import { expect, test } from "vitest";
import { drawCharts } from "./chart.ts";
import { linearTicks, logarithmicTicks } from "./ticks.ts";

/** Where the points of the first line of an SVG lie. */
function placed(svg: string): [number, number][] {
  const path = /<path d="(M[^"]*)" fill="none" stroke="#123"/.exec(svg)?.[1] ?? "";
  return [...path.matchAll(/[ML]([\d.-]+) ([\d.-]+)/g)].map((m) => [Number(m[1]), Number(m[2])]);
}

const line = (points: [number, number][]) => [{ points, color: "#123" }];
const size = { width: 100, height: 50 };

test("a line fills its plot from corner to corner, y up", () => {
  const chart = {
    title: "t",
    x: {},
    y: {},
    lines: line([
      [1, 10],
      [2, 15],
      [3, 30],
    ]),
  };
  expect(placed(drawCharts([chart], size))).toEqual([
    [0, 50],
    [50, 37.5],
    [100, 0],
  ]);
});

test("on logarithmic axes a power is a straight line, and what has no logarithm is left out", () => {
  const axis = { logarithmic: true };
  const points: [number, number][] = [
    [1, 1],
    [10, 0.01],
    [100, 1e-4],
    [1000, 0],
    [-1, 1],
  ];
  const chart = { title: "t", x: axis, y: { ...axis, low: 1e-4, high: 1 }, lines: line(points) };
  const svg = drawCharts([{ ...chart, x: { ...axis, high: 100 } }], size);
  expect(placed(svg)).toEqual([
    [0, 0],
    [50, 25],
    [100, 50],
  ]);
});

test("what cannot be drawn, empty or flat, is still a picture without NaN", () => {
  for (const points of [
    [],
    [[1, 2]],
    [
      [1, 2],
      [3, 2],
    ],
    [
      [1, NaN],
      [2, Infinity],
    ],
  ] as [number, number][][]) {
    for (const logarithmic of [false, true]) {
      const svg = drawCharts([{ title: "<&", x: { logarithmic }, y: {}, lines: line(points) }]);
      expect(svg).not.toMatch(/NaN|Infinity|undefined/);
      expect(svg).toContain("&lt;&amp;");
    }
  }
});

test("ticks are round numbers between the ends, few of them over many powers", () => {
  expect(linearTicks(0, 1)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  expect(linearTicks(-4.5, 4.5)).toEqual([-4, -2, 0, 2, 4]);
  expect(logarithmicTicks(3, 300)).toEqual([5, 10, 20, 50, 100, 200]);
  expect(logarithmicTicks(1e-9, 1).length).toBeLessThan(8);
});
