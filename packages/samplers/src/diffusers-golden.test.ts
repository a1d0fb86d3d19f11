import {
  betaPath,
  edm,
  exponentialGrid,
  karrasGrid,
  rectifiedFlow,
  shiftedTime,
  tableGrid,
  timesOfSigmas,
  linearBetas,
  zeroTerminalSnr,
} from "@gen/schedules";
import { div, key, mul, reshape, sub, tensor, useBackend } from "@gen/tensor";
import { describe, expect, test } from "vitest";
import type { Points } from "../test/array-evaluator.ts";
import {
  dummy,
  evaluatorOf,
  expectGolden,
  expectSolved,
  finish,
  flipped,
  leading,
  type Model,
  onTable,
  ramp,
  rampOf,
  reference,
  solve,
  sum,
  table,
} from "../test/diffusers.ts";
import { run } from "../test/measured-order.ts";
import { TorchGenerator } from "../test/torch-generator.ts";
import {
  ddim,
  ddpm,
  type Denoiser,
  dpm2,
  dpm2Ancestral,
  dpmSolver,
  dpmSolverMultistep,
  type DPMSolverMultistepOptions,
  dynamicThreshold,
  pndm,
  polynomial,
  sample,
  dpmSolverPlusPlus,
  dpmSolverPlusPlusMultistep,
  euler,
  eulerAncestral,
  forwardVariance,
  heun,
  lms,
  posteriorVariance,
  type Sampler,
  type SamplerState,
  sdeDpmSolverPlusPlus,
  uniPC,
} from "./index.ts";

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

test("DDPM from a noisy sample, two steps before the end", () => {
  const noisy = ramp.map((x, i) => table.a(2) * x + table.b(2) * flipped[i]!);
  expectGolden(finish(onTable(table, false, true), ddpm([2, 1, 0]), noisy), 387.9466);
});

test.each([
  [1, 0, 0],
  [488, 487, 0.00979],
  [1000, 999, 0.02],
])("DDPM's variance from %d to %d", (from, to, golden) => {
  expect(posteriorVariance(table, from, to)).toBeCloseTo(golden, 4);
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
    path: edm({ sigmaMax: 300 }),
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

  // Its tests hand `step` the scaled sample, which then is no x of that noise level; a second evaluation in a step has
  // its sample scaled, too.
  const misused = (
    sampler: Sampler,
    grid: readonly number[],
    v = false,
    at = placeOf,
    begin: SamplerState<Points> = { index: 0, x: start, key: key(0) },
    draws = 1,
  ): number => {
    let scaledAlready = false;
    const evaluator = evaluatorOf({
      path: edm({ sigmaMax: 300 }),
      prediction: "noise",
      raw: (given, sigma) => {
        const norm = Math.sqrt(sigma * sigma + 1);
        const x = scaledAlready ? given : given.map((value) => value / norm);
        scaledAlready = false;
        const out = dummy(x, at(sigma));
        return v ? out.map((o, i) => (x[i]! * sigma) / norm ** 2 + o / norm) : out;
      },
    });
    const { normal } = evaluator;
    // What is drawn and not used.
    evaluator.normal = (like, drawn) => {
      for (let i = 1; i < draws; i++) normal(like, drawn);
      return normal(like, drawn);
    };
    let state = begin;
    while (state.index < grid.length - 1) {
      const norm = Math.sqrt((grid[state.index] as number) ** 2 + 1);
      scaledAlready = true;
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
    // Upstream asserts 0.0002, which a sampler of zeros would pass too.
    ["euler, v", euler(sigmas), true, 2.418e-10],
    ["eulerAncestral", eulerAncestral(sigmas), false, 152.3192],
    ["eulerAncestral, v", eulerAncestral(sigmas), true, 108.4439],
    ["lms", lms(sigmas), false, 1006.388],
    ["lms, v", lms(sigmas), true, 1.741533711e-3],
  ])("%s as the tests there use it", (_name, sampler, v, golden) => {
    expectGolden(misused(sampler, sigmas, v), golden);
  });

  test.each([
    ["euler", euler(sigmas), [], 57062.9297],
    ["eulerAncestral", eulerAncestral(sigmas), [], 56163.0508],
    // There LMS takes the predictions of the steps that were not done for 0.
    ["lms", lms(sigmas), [0, 1, 2].map(() => new Float64Array(768)), 27663.6895],
  ])("%s from a noisy sample, two steps before the end, as the tests there use it", (...row) => {
    const [, sampler, history, golden] = row;
    const x = start.map((value, i) => value + sigmas[8]! * flipped[i]!);
    const begin = { index: 8, x, history, key: key(0) };
    expectGolden(misused(sampler, sigmas, false, placeOf, begin), golden);
  });

  const range = { sigmaMin: sigmas[9] as number, sigmaMax: highest };
  const placeAmong = (sigma: number): number => {
    const above = levels.findIndex((level) => level >= sigma * (1 - 1e-12));
    if (above <= 0) return 0;
    const [low, high] = [Math.log(levels[above - 1]!), Math.log(levels[above]!)];
    return above - 1 + (Math.log(sigma) - low) / (high - low);
  };
  test.each([
    ["euler", "Karras", euler, karrasGrid(10, range), 124.522596],
    ["euler", "exponential", euler, exponentialGrid(10, range), 962.999674],
    ["lms", "Karras", lms, karrasGrid(10, range), 3812.9927],
  ])("%s on a %s grid as the tests there use it", (_name, _grid, make, grid, golden) => {
    expectGolden(misused(make(grid), grid, false, placeAmong), golden);
  });

  const ladder = karrasGrid(10, range);
  test.each([
    ["Heun, noise, scaled", heun(sigmas), false],
    ["Heun, v, scaled", heun(sigmas), true],
    ["Heun, noise, Karras, scaled", heun(ladder), false],
    ["Heun, v, Karras, scaled", heun(ladder), true],
    ["DPM2, noise, scaled", dpm2(sigmas), false],
    ["DPM2, v, scaled", dpm2(sigmas), true],
    ["DPM2, noise, Karras, scaled", dpm2(ladder), false],
    ["DPM2, v, Karras, scaled", dpm2(ladder), true],
  ])("%s, as the tests there use it", (name, sampler, v) => {
    const { sum: golden } = reference.solvers[name]!;
    expectGolden(misused(sampler, sampler.times, v, placeAmong), golden, 1e-5);
  });

  const late = { index: 8, x: start.map((x, i) => x + sigmas[8]! * flipped[i]!), key: key(0) };
  test.each([
    // Of the first two, later versions have 13979.9433 and 331.8133.
    ["DPM2 ancestral", dpm2Ancestral(sigmas), false, undefined, 13849.3877],
    ["DPM2 ancestral, v", dpm2Ancestral(sigmas), true, undefined, 328.997],
    ["DPM2 ancestral, two steps before the end", dpm2Ancestral(sigmas), false, late, 93087.3437],
    ["DPM2, two steps before the end", dpm2(sigmas), false, late, 70408.4062],
  ])("%s, as the tests there use it, which draw at every evaluation", (...row) => {
    const [, sampler, v, begin, golden] = row;
    expectGolden(misused(sampler, sigmas, v, placeAmong, begin, 2), golden);
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

  const onGrid = (grid: readonly number[]): number[] =>
    // Its last two levels are the same: a step of no length, at which UniPC still corrects.
    timesOfSigmas(table, [...grid.slice(0, -1), grid.at(-2)! * (1 - 1e-9)]);
  const range = { sigmaMin: table.sigmas[0]!, sigmaMax: table.sigmas[999]! };
  const karras = onGrid(karrasGrid(10, range));
  const lu = onGrid(exponentialGrid(10, range));
  /** The model is told whole steps, wherever between them the level lies. */
  const rounded = (v: boolean): Model => ({
    ...onTable(table, v),
    raw: (x, t) => {
      const out = dummy(x, Math.round(t - 1));
      return v ? out.map((o, i) => table.a(t) * x[i]! - table.b(t) * o) : out;
    },
  });
  test.each([
    ["DPM-Solver++ 2M, v, Karras", dpmSolverPlusPlusMultistep(karras, plain), true, 160.664202],
    ["DPM-Solver++ 2M, v, Lu", dpmSolverPlusPlusMultistep(lu, plain), true, 119.364815],
    ["UniPC 2 bh2, Karras", uniPC(karras), false, 224.626714],
  ])("%s", (_name, sampler, v, golden) => {
    expectGolden(finish(rounded(v), sampler), golden);
  });

  // diffusers asserts four digits, to 1e-3. Those of four images (0.2925, 0.1966; 0.2096 for DPM-Solver++ 2M) are the
  // first of what it computed when it also took the levels of the whole steps; those of four rows are of today.
  const told = karras.map((t) => Math.round(t - 1) + 1);
  const whole = [...told.slice(0, -1), 1 - 1e-6];
  test.each([
    ["noise", false, 0.2925],
    ["v", true, 0.1966],
  ])("UniPC 2 bh2, %s, Karras, and on the levels of the whole steps", (kind, v, first) => {
    expectSolved(solve(rounded(v), uniPC(karras)), `UniPC, ${kind}, Karras`);
    expectSolved(solve(rounded(v), uniPC(whole)), `UniPC, ${kind}, Karras, rounded levels`);
    expect(Math.trunc((finish(rounded(v), uniPC(whole)) / 768) * 1e4) / 1e4).toBe(first);
    const rows = solve(rounded(v), uniPC(karras), rampOf(96));
    expectSolved(rows, `UniPC, ${kind}, Karras, one axis less`);
    expect(Number((sum(rows) / 96).toFixed(4))).toBe(v ? 0.1944 : 0.2898);
  });

  test("DPM-Solver++ 2M, v, Karras, on the levels of the whole steps", () => {
    const sampler = dpmSolverPlusPlusMultistep(told.slice(0, -1), plain);
    const found = solve(rounded(true), sampler);
    expectSolved(found, "2M, v, Karras, rounded levels");
    expect(Number((sum(found) / 768).toFixed(4))).toBe(0.2096);
  });

  const logRho: DPMSolverMultistepOptions = {
    weights: polynomial("logSnr"),
    lowerOrderFinal: true,
  };
  test.each([
    ["DPM-Solver++ 2M", 5, (t: number[]) => dpmSolverPlusPlusMultistep(t, plain), 318.4111],
    ["UniPC 2 bh2", 8, uniPC, 315.5757],
    ["DEIS with log ρ", 8, (t: number[]) => dpmSolverMultistep(t, logRho), 315.3016],
  ])("%s from a noisy sample, after %d steps", (_name, skipped, make, golden) => {
    const times = toFirst.slice(skipped);
    const t = times[0] as number;
    const noisy = ramp.map((x, i) => table.a(t) * x + table.b(t) * flipped[i]!);
    expectGolden(finish(onTable(table), make(times), noisy), golden);
  });

  test("DEIS with log ρ", () => {
    expectGolden(finish(onTable(table), dpmSolverMultistep(toFirst, logRho)), 768 * 0.23916);
  });

  test("with the data thresholded to their quantile 0.87, at most 0.5", async () => {
    await useBackend();
    const said: Denoiser = {
      path: table,
      prediction: "noise",
      predict: (x, t) => mul(x, reshape(div(sub(t, 1), t), [-1, 1])),
    };
    const model = dynamicThreshold(said, { quantile: 0.87, max: 0.5 });
    const samples = await sample({
      denoiser: model,
      sampler: dpmSolverPlusPlusMultistep(toFirst, plain),
      noise: tensor(Float32Array.from(ramp), [4, 192]),
    });
    expectGolden(sum(Float64Array.from(await samples.data())), 768 * 1.1364);
  });
});

describe("singlestep with its stages at the times", () => {
  const places = [1000, 900, 800, 700, 600, 501, 401, 301, 201, 101];
  const [toFirst, toData] = [
    [...places, 1],
    [...places, 0],
  ];
  const stages = "times";
  test.each([
    ["2S at the times, noise", dpmSolverPlusPlus(toFirst, { stages }), false, 0.2791],
    ["2S at the times, v", dpmSolverPlusPlus(toFirst, { stages }), true, 0.1453],
    ["2S at the times, noise, to data", dpmSolverPlusPlus(toData, { stages }), false, undefined],
    ["2S at the times, v, to data", dpmSolverPlusPlus(toData, { stages }), true, undefined],
    ["3S at the times, noise", dpmSolverPlusPlus(toFirst, { order: 3, stages }), false, undefined],
    ["3S at the times, v", dpmSolverPlusPlus(toFirst, { order: 3, stages }), true, undefined],
  ])("%s", (name, sampler, v, mean) => {
    const found = solve(onTable(table, v), sampler);
    expectSolved(found, name);
    if (mean !== undefined) expect(Number((sum(found) / 768).toFixed(4))).toBe(mean);
  });

  test("from the fourth of 50 times, of which diffusers takes the first alone", () => {
    const times = Array.from({ length: 47 }, (_, i) => 1 + Math.round((999 * (47 - i)) / 50));
    const model = onTable(table);
    const begun = solve(model, ddim(times.slice(0, 2)));
    const found = solve(model, dpmSolverPlusPlus([...times.slice(1), 1], { stages }), begun);
    expectSolved(found, "2S at the times, from the fourth of 50");
    expect(Number((sum(found) / 768).toFixed(4))).toBe(0.2574);
  });

  test("of order 2 is the paper's where every other time is the middle in log-SNR", () => {
    const model: Model = { path: edm(), prediction: "data", raw: dummy };
    const halved = [4, 2, 1, 0.3, 0.09];
    const [one, other] = [[4, 1, 0.09], halved];
    const pairs = [
      [dpmSolver(one, { order: 2 }), dpmSolver(other, { order: 2, stages })],
      [dpmSolverPlusPlus(one), dpmSolverPlusPlus(other, { stages })],
    ] as const;
    for (const [paper, given] of pairs) {
      const found = solve(model, given);
      solve(model, paper).forEach((v, i) => expect(found[i]).toBeCloseTo(v, 12));
    }
  });

  test("is DDIM's out of pure noise and to the data", () => {
    const model: Model = { path: rectifiedFlow, prediction: "velocity", raw: dummy };
    const found = solve(model, dpmSolver([1, 0.7, 0.4, 0], { stages }));
    solve(model, ddim([1, 0.7, 0.4, 0])).forEach((v, i) => expect(found[i]).toBeCloseTo(v, 12));
  });

  test("says which places there are", () => {
    expect(() => dpmSolver([2, 1], { stages: "here" as "times" })).toThrow(
      "dpmSolver: stages must be shares or times, got here",
    );
  });
});

test.each([
  ["ᾱ of the first step", linearBetas(), 1, 198.1318],
  ["ᾱ = 1, another table", linearBetas({ start: 0.01 }), 0, 230.0399],
  ["ᾱ of the first step, another table", linearBetas({ start: 0.01 }), 1, 186.9482],
])("PNDM to %s", (_name, betas, last, golden) => {
  const times = leading.slice(0, last === 0 ? undefined : -1);
  expectGolden(finish(onTable(betaPath(betas)), pndm(times)), golden);
});

test.each([
  ["DDPM", (t: number) => ddpm([t, t - 1]), 1153.1833],
  ["DDIM", (t: number) => ddim([t, 0]), 1147.7904],
])("one step of %s without noise, of three samples at the first three times", (...row) => {
  const [, make, golden] = row;
  const evaluator = {
    ...evaluatorOf(onTable(table, false, true)),
    normal: (like: Points): Points => like.map(() => 0),
  };
  const sums = [0, 0.1, -0.1].map((shift, i) => {
    const x = ramp.map((value) => value + shift);
    return sum(run(make(i + 1), evaluator, { index: 0, x, key: key(0) }).x);
  });
  expectGolden(sums[0]! + sums[1]! + sums[2]!, golden);
});

describe("on EDM's path with its preconditioning", () => {
  const total = (sigma: number): number => sigma ** 2 + 0.25;
  const model = (input: (sigma: number) => number): Model => ({
    path: edm(),
    prediction: "data",
    raw: (x, sigma) => {
      const out = dummy(
        x.map((v) => v * input(sigma)),
        Math.log(sigma) / 4,
      );
      const [skip, scale] = [0.25 / total(sigma), (0.5 * sigma) / Math.sqrt(total(sigma))];
      return out.map((o, i) => skip * x[i]! + scale * o);
    },
  });

  test("Euler", () => {
    const start = ramp.map((v) => v * Math.sqrt(80 ** 2 + 1));
    const scaled = model((sigma) => 1 / Math.sqrt(total(sigma)));
    expectGolden(finish(scaled, euler(karrasGrid(10)), start), 34.185539);
  });

  const times = karrasGrid(10).slice(0, -1);
  const multistep = (from: number): Sampler =>
    dpmSolverPlusPlusMultistep(times.slice(from), { lowerOrderFinal: false });

  test("DPM-Solver++ 2M from a noisy sample, after 5 steps", () => {
    const noisy = ramp.map((x, i) => x + times[5]! * flipped[i]!);
    expectGolden(
      finish(
        model(() => 1),
        multistep(5),
        noisy,
      ),
      8.1661,
    );
  });
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
    ["Euler, Karras", euler(karrasGrid(10, { sigmaMin: 0.001, sigmaMax: 1 })), 119.972702],
    ["new noise at every step", ddim([...even(1, 0.001), 0], { eta: Infinity }), 126.126097],
  ])("%s", (_name, sampler, golden) => {
    expectGolden(finish(model, sampler), golden);
  });

  test("levels of Karras from 200 to 0.01 as times, and the times of ten steps", () => {
    const times = timesOfSigmas(rectifiedFlow, karrasGrid(5, { sigmaMin: 0.01, sigmaMax: 200 }));
    const golden = [0.99502486, 0.97874546, 0.87748843, 0.36049718, 0.00990099, 0];
    golden.forEach((t, i) => expect(times[i]).toBeCloseTo(t, 6));
    const rounded = even(1, 0.001).map((t) => Number(t.toFixed(3)));
    expect(rounded).toEqual([1, 0.889, 0.778, 0.667, 0.556, 0.445, 0.334, 0.223, 0.112, 0.001]);
  });
});
