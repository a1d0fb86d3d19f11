import { key, normalArray, permutation } from "@gen/random";
import { expectClose } from "@gen/testing";
import { describe, expect, it } from "vitest";
import { reference } from "../../test/exact-reference.ts";
import { assignment, distanceCosts, sinkhorn, wasserstein1d } from "./index.ts";

const golden = reference.transport;
const costs = distanceCosts(golden.x.flat(), golden.y.flat(), 2);

describe("the Wasserstein distance on a line", () => {
  it("is SciPy's for sets of different sizes", () => {
    expectClose([wasserstein1d(golden.u, golden.v)], [golden.w1], 1e-12);
  });

  it("of a set and its shift is the shift, for every power", () => {
    const x = normalArray(key(1), 50);
    const y = Float64Array.from(permutation(key(2), 50), (i) => x[i]! + 0.75);
    for (const power of [1, 2, 3]) expectClose([wasserstein1d(x, y, power)], [0.75], 1e-12);
  });

  it("is the cost of the optimal assignment", () => {
    const x = normalArray(key(3), 40);
    const y = normalArray(key(4), 40);
    for (const power of [1, 2]) {
      const { cost } = assignment(distanceCosts(x, y, 1, power));
      expectClose([wasserstein1d(x, y, power)], [(cost / 40) ** (1 / power)], 1e-12);
    }
  });
});

describe("the optimal assignment", () => {
  it("is SciPy's, of squares and of wide tables", () => {
    expect([...assignment(costs).columnOf]).toEqual(golden.columns);
    expectClose([assignment(costs).cost], [golden.cost], 1e-12);
    const wide = assignment({ rows: 4, columns: 9, values: Float64Array.from(golden.wide.flat()) });
    expect([...wide.columnOf]).toEqual(golden.wideColumns);
  });

  it("is proven optimal by its dual potentials", () => {
    const count = 150;
    const large = distanceCosts(normalArray(key(5), 2 * count), normalArray(key(6), 2 * count), 2);
    const { columnOf, cost, rowPotential, columnPotential } = assignment(large);
    expect(new Set(columnOf).size).toBe(count);
    let slack = Infinity;
    large.values.forEach((value, at) => {
      const dual = rowPotential[Math.floor(at / count)]! + columnPotential[at % count]!;
      slack = Math.min(slack, value - dual);
    });
    expect(slack).toBeGreaterThan(-1e-12);
    const total = [...rowPotential, ...columnPotential].reduce((sum, value) => sum + value, 0);
    expectClose([total], [cost], 1e-12);
  });
});

describe("Sinkhorn's plan", () => {
  it("is the one that maximising the dual in SciPy finds", () => {
    const { plan, cost, entropicCost } = sinkhorn(costs, { epsilon: golden.epsilon });
    expectClose(plan, golden.plan.flat(), 1e-6);
    expectClose([cost, entropicCost], [golden.sinkhornCost, golden.entropicCost], 1e-7);
  });

  it("has the masses that were asked for", () => {
    const rowMass = [0.1, 0.2, 0.7];
    const columnMass = [0.6, 0.4];
    const values = Float64Array.from([0, 1, 2, 0.5, 1, 3]);
    const { plan } = sinkhorn(
      { rows: 3, columns: 2, values },
      { epsilon: 0.3, rowMass, columnMass },
    );
    expectClose(
      [0, 1, 2].map((i) => plan[2 * i]! + plan[2 * i + 1]!),
      rowMass,
      1e-8,
    );
    expectClose(
      [0, 1].map((j) => plan[j]! + plan[2 + j]! + plan[4 + j]!),
      columnMass,
      1e-8,
    );
  });

  it("falls to the optimal cost as epsilon does, without underflow", () => {
    const exact = assignment(costs).cost / 12;
    const at = (epsilon: number): number =>
      sinkhorn(costs, { epsilon, tolerance: 1e-6, maxIterations: 200_000 }).cost;
    const gaps = [1, 0.1, 0.01].map((epsilon) => at(epsilon) - exact);
    expect(gaps[0]).toBeGreaterThan(gaps[1]!);
    expect(gaps[1]).toBeGreaterThan(gaps[2]!);
    expect(Math.abs(gaps[2]!)).toBeLessThan(2e-3);
  });
});

describe("refused with one sentence:", () => {
  const square = { rows: 2, columns: 2, values: new Float64Array(4) };
  it.each<[string, () => unknown, RegExp]>([
    ["no numbers", () => wasserstein1d([], [1]), /must not be empty, got 0 and 1/],
    ["a power below 1", () => wasserstein1d([1], [1], 0.5), /power must be a number ≥ 1, got 0.5/],
    [
      "more rows than columns",
      () => assignment({ rows: 2, columns: 1, values: new Float64Array(2) }),
      /no more rows than columns, got 2 × 1/,
    ],
    ["costs of another size", () => assignment({ ...square, rows: 1 }), /got 4 for 1 × 2/],
    [
      "NaN",
      () => sinkhorn({ rows: 1, columns: 1, values: Float64Array.of(NaN) }, { epsilon: 1 }),
      /costs must be finite/,
    ],
    [
      "epsilon 0",
      () => sinkhorn(square, { epsilon: 0 }),
      /epsilon must be a positive number, got 0/,
    ],
    [
      "masses that do not fit",
      () => sinkhorn(square, { epsilon: 1, rowMass: [1] }),
      /rowMass must be 2 numbers/,
    ],
    [
      "too few iterations",
      () => sinkhorn(costs, { epsilon: 0.01, maxIterations: 3 }),
      /no convergence to 1e-9 in 3 iterations at epsilon 0.01/,
    ],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(message);
  });
});
