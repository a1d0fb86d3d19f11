import {
  betaPath,
  edm,
  exponentialGrid,
  karrasGrid,
  type Path,
  type Prediction,
  predictionConversion,
  rectifiedFlow,
  shiftedTime,
  tableGrid,
  linearBetas,
  zeroTerminalSnr,
} from "@gen/schedules";
import { key } from "@gen/tensor";
import { describe, expect, test } from "vitest";
import type { Points } from "../test/array-evaluator.ts";
import { arrayEvaluator } from "../test/array-evaluator.ts";
import { run } from "../test/measured-order.ts";
import { TorchGenerator } from "../test/torch-generator.ts";
import {
  ddim,
  ddpm,
  dpmSolverPlusPlusMultistep,
  euler,
  eulerAncestral,
  type Evaluator,
  forwardVariance,
  lms,
  posteriorVariance,
  type Sampler,
  sdeDpmSolverPlusPlus,
  uniPC,
} from "./index.ts";

// The sums of |x| that the tests of diffusers assert, or that its schedulers give: the sample is a ramp, the model is
// x·t/(t + 1). Here all is float64; there float32.

const ramp = Float64Array.from({ length: 768 }, (_, i) => {
  const [batch, rest] = [Math.floor(i / 192), i % 192];
  return (rest * 4 + batch) / 768;
});
const flipped = ramp.map((_, i) => {
  const [batch, rest] = [Math.floor(i / 192), i % 192];
  return (767 - (rest * 4 + batch)) / 768;
});
const dummy = (x: Points, t: number): Points => x.map((v) => (v * t) / (t + 1));
const sum = (x: Points): number => x.reduce((total, v) => total + Math.abs(v), 0);

interface Model {
  path: Path;
  prediction: Prediction;
  /** The raw prediction at a time of the path. */
  raw: (x: Points, t: number) => Points;
  clip?: boolean;
  seed?: number;
}

function evaluatorOf({ path, prediction, raw, clip = false, seed = 0 }: Model): Evaluator<Points> {
  const base = arrayEvaluator(path, (x) => x);
  const generator = new TorchGenerator(seed);
  const predict: Evaluator<Points>["predict"] = (x, t, wanted) => {
    const from = raw(x, t);
    const convert = (given: Points, kind: Prediction, to: Prediction): Points => {
      const { input, prediction: factor } = predictionConversion(path, t, kind, to);
      return given.map((p, i) => input * x[i]! + factor * p);
    };
    if (!clip) return convert(from, prediction, wanted);
    const data = convert(from, prediction, "data").map((d) => Math.max(-1, Math.min(1, d)));
    return wanted === "data" ? data : convert(data, "data", wanted);
  };
  return { ...base, predict, normal: (like) => generator.randn(like.length) };
}

const finish = (model: Model, sampler: Sampler, x = ramp): number =>
  sum(run(sampler, evaluatorOf(model), { index: 0, x, key: key(0) }).x);

function expectGolden(found: number, golden: number, tolerance = 1e-4): void {
  expect(Math.abs(found / golden - 1), `${found} is not ${golden}`).toBeLessThan(tolerance);
}

const table = betaPath(linearBetas());
/** A model on the table; v is diffusers' a·ε - b·data. */
const onTable = (path: Path, v = false, clip = false): Model => ({
  path,
  prediction: v ? "data" : "noise",
  clip,
  raw: (x, t) => {
    const out = dummy(x, t - 1);
    return v ? out.map((o, i) => path.a(t) * x[i]! - path.b(t) * o) : out;
  },
});
const leading = tableGrid(1000, 10, "leading");

test("the generator is PyTorch's", () => {
  const drawn = new TorchGenerator(0).randn(768);
  [-1.12583983, -1.1523602, -0.250578582, -0.433878809].forEach((value, i) =>
    expect(drawn[i]).toBeCloseTo(value, 6),
  );
});

describe("DDIM", () => {
  test.each([
    ["noise", false, 172.006714],
    ["v", true, 52.530202],
  ])("a model of the %s", (_name, v, golden) => {
    expectGolden(finish(onTable(table, v, true), ddim(leading)), golden);
  });

  test("another table, to ᾱ = 1 and to the first ᾱ", () => {
    const path = betaPath(linearBetas({ start: 0.01 }));
    expectGolden(finish(onTable(path, false, true), ddim(leading)), 149.8295);
    expectGolden(finish(onTable(path, false, true), ddim(leading.slice(0, -1))), 149.0784);
  });

  test("from a noisy sample in the middle", () => {
    const times = leading.slice(8);
    const t = times[0] as number;
    const noisy = ramp.map((x, i) => table.a(t) * x + table.b(t) * flipped[i]!);
    expectGolden(finish(onTable(table, false, true), ddim(times), noisy), 354.5418);
  });

  test("from an SNR of 0 with trailing times", () => {
    const path = betaPath(zeroTerminalSnr(linearBetas()));
    const trailing = tableGrid(1000, 10, "trailing");
    expectGolden(finish(onTable(path, true), ddim(trailing)), 50.55741);
  });

  test.each([
    [420, 400, 0.14771],
    [980, 960, 0.3246],
    [487, 486, 0.00979],
    [999, 998, 0.02],
  ])("the variance from %d to %d", (from, to, golden) => {
    expect(posteriorVariance(table, from + 1, to + 1)).toBeCloseTo(golden, 4);
  });
});

describe("DDPM, 1000 steps with PyTorch's noise", () => {
  const every = tableGrid(1000, 1000, "leading");
  test.each([
    ["β̃", posteriorVariance, false, 258.960624],
    ["β", forwardVariance, false, 261.206643],
    ["β̃ and v", posteriorVariance, true, 202.0296],
  ])("variance %s", (_name, variance, v, golden) => {
    expectGolden(finish(onTable(table, v, true), ddpm(every, { variance })), golden);
  });
});

describe("in σ, 1100 steps of the table", () => {
  const path = betaPath(linearBetas({ steps: 1100 }));
  const places = Array.from({ length: 10 }, (_, i) => (1099 * (9 - i)) / 9);
  const levels = path.sigmas;
  const between = (place: number): number => {
    const below = Math.floor(place);
    const share = place - below;
    return (levels[below] as number) * (1 - share) + (levels[below + 1] ?? 0) * share;
  };
  const sigmas = [...places.map(between), 0];
  const highest = sigmas[0] as number;
  /** diffusers' Euler and LMS work on x/a, whose path is EDM's; the model sees x as the table has it. */
  const scaled = (v: boolean, at: (sigma: number) => number): Model => ({
    path: edm({ sigmaMax: 200 }),
    prediction: v ? "data" : "noise",
    raw: (x, sigma) => {
      const norm = Math.sqrt(sigma * sigma + 1);
      const out = dummy(
        x.map((value) => value / norm),
        at(sigma),
      );
      return v ? out.map((o, i) => x[i]! / norm ** 2 - (o * sigma) / norm) : out;
    },
  });
  const placeOf = (sigma: number): number => places[sigmas.indexOf(sigma)] as number;
  const start = ramp.map((x) => x * highest);

  test.each([
    ["euler", euler(sigmas), false, 168.0515722],
    ["euler, v", euler(sigmas), true, 46.91411876],
    ["eulerAncestral", eulerAncestral(sigmas), false, 233.2861743],
    ["lms", lms(sigmas), false, 191.1941305],
    ["lms, v", lms(sigmas), true, 76.93935722],
  ])("%s", (_name, sampler, v, golden) => {
    expectGolden(finish(scaled(v, placeOf), sampler, start), golden);
  });

  // Its tests hand `step` the scaled sample, which then is no x of that noise level.
  const misused = (sampler: Sampler, grid: readonly number[], v = false, at = placeOf): number => {
    const evaluator = evaluatorOf({
      path: edm({ sigmaMax: 200 }),
      prediction: v ? "data" : "noise",
      raw: (x, sigma) => {
        const out = dummy(x, at(sigma));
        const norm = Math.sqrt(sigma * sigma + 1);
        return v ? out.map((o, i) => x[i]! / norm ** 2 - (o * sigma) / norm) : out;
      },
    });
    let state: Parameters<typeof run<Points>>[2] = { index: 0, x: start, key: key(0) };
    while (state.index < grid.length - 1) {
      const norm = Math.sqrt((grid[state.index] as number) ** 2 + 1);
      state = run(
        sampler,
        evaluator,
        { ...state, x: state.x.map((x) => x / norm) },
        state.index + 1,
      );
    }
    return sum(state.x);
  };

  test.each([
    ["euler", euler(sigmas), false, 10.0807],
    ["eulerAncestral", eulerAncestral(sigmas), false, 152.3192],
    ["eulerAncestral, v", eulerAncestral(sigmas), true, 108.4439],
    ["lms", lms(sigmas), false, 1006.388],
    ["lms, v", lms(sigmas), true, 1.741533711e-3],
  ])("%s as the tests there use it", (_name, sampler, v, golden) => {
    expectGolden(misused(sampler, sigmas, v), golden);
  });

  const range = { sigmaMin: sigmas[9] as number, sigmaMax: highest };
  test.each([
    ["Karras", karrasGrid(10, range), 124.522596],
    ["exponential", exponentialGrid(10, range), 962.999674],
  ])("euler on a %s grid as the tests there use it", (_name, grid, golden) => {
    const at = (sigma: number): number => {
      const above = levels.findIndex((level) => level >= sigma * (1 - 1e-12));
      if (above <= 0) return 0;
      const [low, high] = [Math.log(levels[above - 1]!), Math.log(levels[above]!)];
      return above - 1 + (Math.log(sigma) - low) / (high - low);
    };
    expectGolden(misused(euler(grid), grid, false, at), golden);
  });
});

describe("multistep on the table", () => {
  const places = [1000, 900, 800, 700, 600, 501, 401, 301, 201, 101];
  const toFirst = [...places, 1];
  const toData = [...places, 0];
  const plain = { lowerOrderFinal: false };
  test.each([
    ["DPM-Solver++ 2M", dpmSolverPlusPlusMultistep(toFirst, plain), false, 253.551396],
    ["DPM-Solver++ 2M, v", dpmSolverPlusPlusMultistep(toFirst, plain), true, 172.873974],
    ["DPM-Solver++ 2M to data", dpmSolverPlusPlusMultistep(toData), false, 185.01135],
    ["SDE-DPM-Solver++ 2M", sdeDpmSolverPlusPlus(toFirst, plain), false, 525.948216],
    ["UniPC 2 bh2", uniPC(toFirst), false, 189.231838],
    ["UniPC 2 bh2, v", uniPC(toFirst), true, 77.872483],
    ["UniPC 1 bh1", uniPC(toFirst, { order: 1, variant: "bh1" }), false, 180.334895],
    ["UniPC 2 bh1", uniPC(toFirst, { order: 2, variant: "bh1" }), false, 193.575542],
    ["UniPC 3 bh1", uniPC(toFirst, { order: 3, variant: "bh1" }), false, 193.600102],
    ["UniPC 1 bh2", uniPC(toFirst, { order: 1 }), false, 178.462512],
    ["UniPC 3 bh2", uniPC(toFirst, { order: 3 }), false, 189.972932],
  ])("%s", (_name, sampler, v, golden) => {
    expectGolden(finish(onTable(table, v), sampler), golden);
  });
});

test("EDM's Euler with its preconditioning", () => {
  const model: Model = {
    path: edm(),
    prediction: "data",
    raw: (x, sigma) => {
      const total = sigma ** 2 + 0.25;
      const out = dummy(
        x.map((v) => v / Math.sqrt(total)),
        Math.log(sigma) / 4,
      );
      return out.map((o, i) => (0.25 / total) * x[i]! + ((0.5 * sigma) / Math.sqrt(total)) * o);
    },
  };
  const start = ramp.map((v) => v * Math.sqrt(80 ** 2 + 1));
  expectGolden(finish(model, euler(karrasGrid(10)), start), 34.185539);
});

describe("flow matching", () => {
  const model: Model = {
    path: rectifiedFlow,
    prediction: "velocity",
    raw: (x, t) => dummy(x, 1000 * t),
  };
  const even = (from: number, to: number): number[] =>
    Array.from({ length: 10 }, (_, i) => from + ((to - from) * i) / 9);
  const shifted = even(1, shiftedTime(0.001, 3)).map((t) => shiftedTime(t, 3));
  test.each([
    ["Euler", euler([...even(1, 0.001), 0]), 133.362045],
    ["Euler, shift 3", euler([...shifted, 0]), 129.349457],
    ["new noise at every step", ddim([...even(1, 0.001), 0], { eta: Infinity }), 126.126097],
  ])("%s", (_name, sampler, golden) => {
    expectGolden(finish(model, sampler), golden);
  });
});
