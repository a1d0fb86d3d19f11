import { expect, test } from "vitest";
import {
  betaPath,
  edm,
  karrasGrid,
  scaledLinearBetas,
  shiftedTime,
  timesOfSigmas,
  uniformGrid,
} from "./index.ts";

test("a uniform grid has steps + 1 times, from 1 to exactly 0, none visited twice", () => {
  expect(uniformGrid(1)).toEqual([1, 0]);
  expect(uniformGrid(4)).toEqual([1, 0.75, 0.5, 0.25, 0]);
  for (const steps of [3, 7, 10, 49, 1000]) {
    const grid = uniformGrid(steps);
    expect(grid).toHaveLength(steps + 1);
    expect(grid[0]).toBe(1);
    expect(Object.is(grid.at(-1), 0)).toBe(true);
    for (let i = 0; i < steps; i++) expect(grid[i]).toBeCloseTo(1 - i / steps, 14);
  }
  expect(uniformGrid(2, 80)).toEqual([80, 40, 0]);
});

test("a shift of 3 moves .5 to .75, which is sigmoid(logit t + ln 3)", () => {
  expect(shiftedTime(0.5, 3)).toBeCloseTo(0.75, 15);
  for (const t of [0.05, 0.3, 0.9]) {
    for (const shift of [0.1, 1, 1.15, 3, 17]) {
      const logit = Math.log(t / (1 - t)) + Math.log(shift);
      expect(shiftedTime(t, shift)).toBeCloseTo(1 / (1 + Math.exp(-logit)), 14);
    }
  }
});

test("a shift leaves both ends exactly where they are", () => {
  for (const shift of [0.1, 0.3, 1, 3, 7.7]) {
    expect(shiftedTime(0, shift)).toBe(0);
    expect(shiftedTime(1, shift)).toBe(1);
  }
});

test("impossible grids and shifts are refused in one sentence", () => {
  expect(() => uniformGrid(0)).toThrow("uniformGrid: steps must be a positive integer, got 0");
  expect(() => uniformGrid(2.5)).toThrow("got 2.5");
  expect(() => uniformGrid(5, -1)).toThrow("uniformGrid: start must be a positive number, got -1");
  expect(() => shiftedTime(1.5, 3)).toThrow("shiftedTime: t must be in [0, 1], got 1.5");
  expect(() => shiftedTime(0.5, 0)).toThrow("shiftedTime: shift must be a positive number, got 0");
});

test("the Karras grid of 18 steps has the golden levels, and then 0", () => {
  const golden = [
    80, 57.585985, 40.785574, 28.374585, 19.352453, 12.910082, 8.400935, 5.315195, 3.256822,
    1.92334, 1.088171, 0.585348, 0.296442, 0.139516, 0.059947, 0.022935, 0.007528, 0.002, 0,
  ];
  const grid = karrasGrid(18);
  expect(grid).toHaveLength(19);
  golden.forEach((sigma, i) => expect(grid[i]).toBeCloseTo(sigma, 6));
  expect([grid[0], grid[17], grid[18]]).toEqual([80, 0.002, 0]);
});

test("noise levels become times of any path, and its own end where they begin there", () => {
  expect(timesOfSigmas(edm(), karrasGrid(5))).toEqual(
    karrasGrid(5).map((sigma) => expect.closeTo(sigma, 12)),
  );
  const table = betaPath(scaledLinearBetas());
  const times = timesOfSigmas(table, [table.sigmas[999] as number, table.sigmas[499] as number, 0]);
  expect(times).toEqual([1000, expect.closeTo(500, 9), 0]);
});

test("impossible noise levels are refused in one sentence", () => {
  expect(() => karrasGrid(1)).toThrow("karrasGrid: steps must be an integer of at least 2, got 1");
  expect(() => karrasGrid(5, { sigmaMin: 80 })).toThrow(
    "karrasGrid: sigmaMax must be above sigmaMin = 80, got 80",
  );
  expect(() => timesOfSigmas(edm(), [80, 80, 0])).toThrow("got 80 after 80 at place 1");
  expect(() => timesOfSigmas(edm(), [90, 0])).toThrow("the path edm ends at sigma = 80");
  expect(() => timesOfSigmas(edm(), [80])).toThrow("sigmas must hold at least 2 numbers, got 1");
});
