import { key } from "@gen/random";
import { describe, expect, it } from "vitest";
import { eightGaussiansMixture, type PointSetName, pointSets } from "./index.ts";

const count = 20_000;

describe.each(Object.entries(pointSets))("%s", (name, draw) => {
  const points = draw(key(1), count);
  const rows = Array.from(
    { length: count },
    (_, i) => [points[2 * i]!, points[2 * i + 1]!] as const,
  );

  it("gives the same points for the same key, others for another, none for 0", () => {
    expect(points.length).toBe(2 * count);
    expect(draw(key(1), count)).toEqual(points);
    expect(draw(key(2), count)).not.toEqual(points);
    expect(draw(key(1), 0).length).toBe(0);
  });
  it("lies within about ±4, around the middle", () => {
    expect(points.every((x) => Math.abs(x) < 5.5)).toBe(true);
    for (const axis of [0, 1] as const) {
      const mean = rows.reduce((sum, row) => sum + row[axis], 0) / count;
      expect(Math.abs(mean)).toBeLessThan(0.6);
    }
  });
  it("has the shape of its name", () => {
    const share = rows.filter(([x, y]) => SHAPES[name as PointSetName](x, y)).length / count;
    expect(share).toBeGreaterThan(0.98);
  });
});

// Whether a point may belong to the set: three deviations of its noise are let pass.
const SHAPES: Record<PointSetName, (x: number, y: number) => boolean> = {
  eightGaussians: (x, y) => {
    const angle = (Math.round(Math.atan2(y, x) / (Math.PI / 4)) * Math.PI) / 4;
    const radius = 2 * Math.SQRT2;
    return Math.hypot(x - radius * Math.cos(angle), y - radius * Math.sin(angle)) < 3.2 * 0.3536;
  },
  moons: (x, y) =>
    Math.min(
      Math.abs(Math.hypot(x + 1, y + 0.4) - 2) + (y < -1 ? 9 : 0),
      Math.abs(Math.hypot(x - 1, y - 0.6) - 2) + (y > 1.2 ? 9 : 0),
    ) < 0.6,
  swissRoll: (x, y) => {
    const turn = 2 * Math.PI;
    const angle = (Math.atan2(y, x) + turn) % turn;
    const radius = Math.hypot(x, y);
    return [0, 1, 2].some((n) => {
      const along = angle + n * turn;
      return along > 1.2 * Math.PI && along < 4.8 * Math.PI && Math.abs(radius - along / 5) < 0.6;
    });
  },
  checkerboard: (x, y) => (Math.floor((x + 4) / 2) + Math.floor((y + 4) / 2)) % 2 === 0,
  pinwheel: (x, y) => {
    const radius = Math.hypot(x, y) / 2;
    const blade = (2 * Math.PI) / 5;
    const off = (Math.atan2(y, x) - 0.25 * Math.exp(radius)) / blade;
    return radius * blade * Math.abs(off - Math.round(off)) < 0.33;
  },
  rings: (x, y) => [0.75, 1.5, 2.25, 3].some((r) => Math.abs(Math.hypot(x, y) - r) < 0.26),
};

it("the squares, circles, moons and Gaussians are drawn equally often", () => {
  const shares = (name: PointSetName, of: (x: number, y: number) => number, kinds: number) => {
    const points = pointSets[name](key(3), count);
    const found = Array.from({ length: kinds }, () => 0);
    for (let i = 0; i < count; i++) found[of(points[2 * i]!, points[2 * i + 1]!)]!++;
    for (const n of found) expect(Math.abs(n / count - 1 / kinds)).toBeLessThan(0.015);
  };
  shares("checkerboard", (x, y) => 2 * Math.floor((y + 4) / 2) + (Math.floor((x + 4) / 2) >> 1), 8);
  shares("rings", (x, y) => Math.min(3, Math.max(0, Math.round(Math.hypot(x, y) / 0.75) - 1)), 4);
  shares("eightGaussians", (x, y) => (Math.round(Math.atan2(y, x) / (Math.PI / 4)) + 8) % 8, 8);
});

it("the eight Gaussians are those of their mixture", () => {
  const points = pointSets.eightGaussians(key(4), count);
  const logs = eightGaussiansMixture.logDensity(points);
  // Minus the entropy: of the choice among eight, nearly, and of a round Gaussian.
  const expected = -Math.log(8) - Math.log(2 * Math.PI * Math.E * 0.125);
  expect(Math.abs(logs.reduce((a, b) => a + b) / count - expected)).toBeLessThan(0.03);
});
