import { key } from "@gen/tensor";
import { describe, expect, test } from "vitest";
import * as init from "./init.ts";

const shape = [100, 200];
const fan = { in: 100, out: 200 };

function statistics(numbers: Float32Array): { mean: number; deviation: number; largest: number } {
  const mean = numbers.reduce((sum, n) => sum + n, 0) / numbers.length;
  const variance = numbers.reduce((sum, n) => sum + (n - mean) ** 2, 0) / numbers.length;
  const largest = numbers.reduce((most, n) => Math.max(most, Math.abs(n)), 0);
  return { mean, deviation: Math.sqrt(variance), largest };
}

describe("initialisations", () => {
  // The deviation of a uniform number within ±b is b/√3.
  const uniform = (bound: number) => ({ deviation: bound / Math.sqrt(3), bound });
  test.each([
    ["kaimingUniform", init.kaimingUniform, uniform(0.1)],
    ["xavierUniform", init.xavierUniform, uniform(Math.sqrt(6 / 300))],
    ["normal", init.normal(), { deviation: 0.02, bound: 0.02 * 6 }],
    ["normal(1)", init.normal(1), { deviation: 1, bound: 6 }],
    ["truncatedNormal", init.truncatedNormal(), { deviation: 0.02, bound: 0.0456 }],
    ["scaled", init.scaled(init.normal(0.02), 0.5), { deviation: 0.01, bound: 0.06 }],
  ])("%s has the deviation and the bound that it says", (_name, make, { deviation, bound }) => {
    const numbers = make(key(3), shape, fan);
    const found = statistics(numbers);
    expect(numbers.length).toBe(20_000);
    // 20,000 numbers: the deviation of the deviation is half a percent of it.
    expect(Math.abs(found.deviation / deviation - 1)).toBeLessThan(0.02);
    expect(Math.abs(found.mean)).toBeLessThan(deviation * 0.03);
    expect(found.largest).toBeLessThanOrEqual(bound);
    expect(found.largest).toBeGreaterThan(deviation * 1.7);
    expect(make(key(3), shape, fan)).toEqual(numbers);
    expect(make(key(4), shape, fan)).not.toEqual(numbers);
  });

  test("zeros and ones are what they say", () => {
    expect([...init.zeros(key(0), [2, 2], fan)]).toEqual([0, 0, 0, 0]);
    expect([...init.ones(key(0), [3], fan)]).toEqual([1, 1, 1]);
  });
});
