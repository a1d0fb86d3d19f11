import { betaPath, edm, karrasGrid, linearBetas, timesOfSigmas } from "@gen/schedules";
import { key } from "@gen/tensor";
import { describe, expect, test } from "vitest";
import type { Points } from "../test/array-evaluator.ts";
import {
  dummy,
  evaluatorOf,
  expectGolden,
  expectSolved,
  type Model,
  onTable,
  ramp,
  reference,
  solve,
  sum,
} from "../test/diffusers.ts";
import { run } from "../test/measured-order.ts";
import { TorchBrownianTree } from "../test/torch-brownian-tree.ts";
import { TorchGenerator } from "../test/torch-generator.ts";
import {
  dpmSolverPlusPlusSDE,
  type NoiseSource,
  type Sampler,
  saSolver,
  sdeDpmSolverPlusPlus,
} from "./index.ts";

// Stochastic solvers on a table of 1100 steps, with the noise that diffusers and k-diffusion draw: PyTorch's generator,
// and torchsde's Brownian tree. What diffusers asserts is of float32.

const path = betaPath(linearBetas({ steps: 1100 }));
const levels = path.sigmas;
const range = { sigmaMin: levels[0]!, sigmaMax: levels[1099]! };

/** Any noise of the step and the levels it goes between. */
const noiseOf = (draw: (index: number, from: number, to: number) => Points): NoiseSource =>
  ((step: { index: number }, from: Level, to: Level) =>
    draw(step.index, from.b / from.a, to.b / to.a)) as unknown as NoiseSource;

type Factor = (sigma: number) => number;

interface Level {
  readonly a: number;
  readonly b: number;
}

describe("SA-Solver as released, τ = 1 from the steps 200 to 800", () => {
  const even = Array.from({ length: 10 }, (_, i) => 1 + Math.round((1099 * (10 - i)) / 10));
  const ladder = timesOfSigmas(path, karrasGrid(10, range)).slice(0, -1);
  // Its last two levels are the same.
  const held = [...ladder, ladder[9]! * (1 - 1e-9)];
  /** The model and τ are told whole steps. */
  const told = (t: number): number => Math.round(t - 1);
  const model = (v: boolean): Model => ({
    ...onTable(path, v),
    raw: (x, t) => {
      const out = dummy(x, told(t));
      return v ? out.map((o, i) => path.a(t) * x[i]! - path.b(t) * o) : out;
    },
  });
  const sampler = (times: readonly number[]): Sampler => {
    const generator = new TorchGenerator(0);
    // It draws at every step, needed or not.
    const drawn = Array.from({ length: 10 }, () => generator.randn(768));
    return saSolver(times, {
      predictorOrder: 2,
      correctorOrder: 1,
      variant: "bh1",
      lowerOrderFinal: true,
      tau: (sigma) => {
        const step = told(path.inverseLogSnr(-2 * Math.log(sigma)));
        return step >= 200 && step <= 800 ? 1 : 0;
      },
      noise: noiseOf((index) => drawn[index] as Points),
    });
  };
  test.each([
    ["SA-Solver, noise", [...even, 1], false, 337.3943],
    ["SA-Solver, v", [...even, 1], true, 193.1468],
    ["SA-Solver, noise, Karras", held, false, 837.2555],
  ])("%s", (name, times, v, golden) => {
    const found = solve(model(v), sampler(times));
    expectSolved(found, name);
    expectGolden(sum(found), golden);
  });
});

describe("k-diffusion's solvers with torchsde's Brownian tree", () => {
  const places = Array.from({ length: 10 }, (_, i) => (1099 * (9 - i)) / 9);
  const between = (place: number): number => {
    const below = Math.floor(place);
    const share = place - below;
    return levels[below]! * (1 - share) + (levels[below + 1] ?? 0) * share;
  };
  const grids: Record<string, number[]> = {
    "": places.map(between).map(Math.fround),
    ", Karras": karrasGrid(10, range).slice(0, -1).map(Math.fround),
  };
  const trees = new Map(
    Object.values(grids).map((grid) => [grid, new TorchBrownianTree(grid[9]!, grid[0]!, 768)]),
  );
  const placeOf = (sigma: number): number => {
    const above = levels.findIndex((level) => level >= sigma);
    if (above <= 0) return above < 0 ? 1099 : 0;
    const [low, high] = [Math.log(levels[above - 1]!), Math.log(levels[above]!)];
    return above - 1 + (Math.log(sigma) - low) / (high - low);
  };

  test.each(Object.entries(grids))("the tree's increments, σ%s", (form, grid) => {
    const tree = trees.get(grid)!;
    for (const { from, to, elements } of reference.increments[`σ${form}`]!) {
      const found = tree.noise(from, to);
      elements.forEach((element, i) =>
        expect(found[reference.places[i] as number]).toBeCloseTo(element, 5),
      );
    }
  });

  /** On x/a: its data, from x times one factor, and from what the model says of x times another. */
  const model = (v: boolean, own: Factor, input: Factor): Model => ({
    path: edm({ sigmaMax: 300 }),
    prediction: "data",
    raw: (x, sigma) => {
      const norm = Math.sqrt(sigma * sigma + 1);
      const out = dummy(
        x.map((value) => value * input(sigma)),
        placeOf(sigma),
      );
      const kept = x.map((value) => value * own(sigma));
      return out.map((o, i) => kept[i]! / (v ? norm ** 2 : 1) - (v ? sigma / norm : sigma) * o);
    },
  });
  const shrunk: Factor = (sigma) => 1 / Math.sqrt(sigma * sigma + 1);
  const treeNoise = (grid: number[]): NoiseSource =>
    noiseOf((_index, from, to) => trees.get(grid)!.noise(from, to));
  const cases = Object.entries(grids).flatMap(([form, grid]) => [
    [`noise${form}`, false, grid] as const,
    [`v${form}`, true, grid] as const,
  ]);

  test.each(cases)("DPM-Solver++ SDE, %s", (name, v, grid) => {
    const sampler = dpmSolverPlusPlusSDE([...grid, 0], { noise: treeNoise(grid) });
    const x = ramp.map((value) => value * grid[0]!);
    expectSolved(
      solve(
        model(v, () => 1, shrunk),
        sampler,
        x,
      ),
      `SDE, ${name}`,
    );
  });

  test.each(cases)("DPM-Solver++ 2M SDE, %s", (name, v, grid) => {
    const options = { noise: treeNoise(grid), lowerOrderFinal: false };
    const sampler = sdeDpmSolverPlusPlus([...grid, 0], options);
    const x = ramp.map((value) => value * grid[0]!);
    expectSolved(
      solve(
        model(v, () => 1, shrunk),
        sampler,
        x,
      ),
      `2M SDE, ${name}`,
    );
  });

  const golden: Record<string, number> = {
    noise: 162.5238,
    v: 119.8487,
    "noise, Karras": 170.3135,
  };
  test.each(cases)("DPM-Solver++ SDE, as the tests of diffusers use it, %s", (name, v, grid) => {
    // They hand the solver what they hand the model; between two levels of the grid, it is all in the model here.
    const scale: Factor = (sigma) => (grid.includes(sigma) ? 1 : shrunk(sigma));
    const evaluator = evaluatorOf(model(v, scale, scale));
    const sampler = dpmSolverPlusPlusSDE([...grid, 0], { noise: treeNoise(grid) });
    let x: Points = ramp.map((value) => value * grid[0]!);
    grid.forEach((sigma, index) => {
      const given = x.map((value) => value * shrunk(sigma));
      ({ x } = run(sampler, evaluator, { index, x: given, key: key(0) }, index + 1));
    });
    expectSolved(x, `SDE, ${name}, scaled`);
    if (golden[name] !== undefined) expectGolden(sum(x), golden[name]);
  });
});
