import { expect, test } from "vitest";
import { shiftedTime, uniformGrid } from "./index.ts";

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
