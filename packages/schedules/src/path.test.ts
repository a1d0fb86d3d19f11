import { describe, expect, test } from "vitest";
import { rectifiedFlow, trigonometric } from "./index.ts";

describe.each([rectifiedFlow, trigonometric])("the path $name", (path) => {
  const times = [0.01, 0.1, 0.37, 0.5, 0.81, 0.99].map((t) => t * path.end);

  test("begins at data and ends at noise", () => {
    expect([path.a(0), path.b(0)]).toEqual([1, 0]);
    expect(path.a(path.end)).toBeCloseTo(0, 12);
    expect(path.b(path.end)).toBe(1);
  });

  test("has the derivatives of a and b", () => {
    const h = 1e-6;
    for (const t of times) {
      expect(path.aPrime(t)).toBeCloseTo((path.a(t + h) - path.a(t - h)) / (2 * h), 8);
      expect(path.bPrime(t)).toBeCloseTo((path.b(t + h) - path.b(t - h)) / (2 * h), 8);
    }
  });

  test("has a falling log-SNR log(a²/b²), and its inverse", () => {
    let last = Infinity;
    for (const t of times) {
      const l = path.logSnr(t);
      expect(l).toBeCloseTo(Math.log(path.a(t) ** 2 / path.b(t) ** 2), 10);
      expect(l).toBeLessThan(last);
      expect(path.inverseLogSnr(l)).toBeCloseTo(t, 12);
      last = l;
    }
    expect(path.logSnr(0)).toBe(Infinity);
    expect(path.inverseLogSnr(Infinity)).toBe(0);
    expect(path.inverseLogSnr(-Infinity)).toBe(path.end);
  });
});

test("the trigonometric path preserves variance", () => {
  for (const t of [0, 0.2, 0.7, 1]) {
    expect(trigonometric.a(t) ** 2 + trigonometric.b(t) ** 2).toBeCloseTo(1, 14);
  }
});
