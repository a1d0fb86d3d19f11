import { expect, test } from "vitest";
import { fixture, worst } from "../test/fixture.ts";
import {
  alignYourStepsGrid,
  alignYourStepsTimes,
  betaGrid,
  betaPath,
  dynamicShift,
  edm,
  exponentialGrid,
  karrasGrid,
  logSnrGrid,
  polyexponentialGrid,
  rectifiedFlow,
  resolutionShift,
  scaledLinearBetas,
  sectionedGrid,
  shiftedTime,
  tableGrid,
  timesOfSigmas,
  uniformGrid,
  variancePreserving,
  type Spacing,
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

const sigmaGrids: [string, (steps: number, options?: object) => number[]][] = [
  ["karrasGrid", karrasGrid],
  ["exponentialGrid", exponentialGrid],
  ["polyexponentialGrid", polyexponentialGrid],
  ["betaGrid", betaGrid],
];

test.each(sigmaGrids)("%s has both its ends and then 0, and falls", (name, grid) => {
  for (const steps of [2, 3, 10, 200]) {
    const sigmas = grid(steps, { sigmaMin: 0.03, sigmaMax: 14 });
    expect(sigmas).toHaveLength(steps + 1);
    expect([sigmas[0], sigmas[steps - 1], sigmas[steps]]).toEqual([14, 0.03, 0]);
    for (let i = 1; i <= steps; i++) expect(sigmas[i]).toBeLessThan(sigmas[i - 1] as number);
  }
  for (const steps of [0, 1, 2.5, NaN]) {
    expect(() => grid(steps)).toThrow(
      `${name}: steps must be an integer of at least 2, got ${steps}`,
    );
  }
  expect(() => grid(5, { sigmaMin: 2, sigmaMax: 1 })).toThrow(
    "sigmaMax must be above sigmaMin = 2",
  );
  expect(() => grid(5, { sigmaMin: 0 })).toThrow("sigmaMin must be a positive number, got 0");
});

test("beta, exponential and polyexponential grids have SciPy's and NumPy's numbers", () => {
  const { grids } = fixture;
  const levels = (grid: number[]): number[] => grid.slice(0, -1);
  expect(worst(levels(betaGrid(10)), grids["beta .6 .6"] ?? [])).toBeLessThan(1e-9);
  const skewed = betaGrid(10, { sigmaMin: 0.03, sigmaMax: 14, alpha: 2, beta: 0.5 });
  expect(worst(levels(skewed), grids["beta 2 .5"] ?? [])).toBeLessThan(1e-9);
  expect(worst(levels(exponentialGrid(10)), grids["exponential"] ?? [])).toBeLessThan(1e-12);
  const poly = polyexponentialGrid(10, { rho: 3 });
  expect(worst(levels(poly), grids["polyexponential 3"] ?? [])).toBeLessThan(1e-12);
});

test("a grid of noise levels that numbers cannot tell apart is refused", () => {
  expect(() => betaGrid(400, { alpha: 0.002, beta: 0.002 })).toThrow(
    "betaGrid: 400 steps between 80 and 0.002 lie closer than numbers can tell apart; take fewer",
  );
});

test.each(Object.keys(fixture.spacings))("steps of a table (%s) are diffusers' plus 1", (name) => {
  const [total, steps] = name.split(" ").map(Number) as [number, number];
  for (const [spacing, indices] of Object.entries(fixture.spacings[name] ?? {})) {
    const times = tableGrid(total, steps, spacing as Spacing);
    expect(times.slice(0, -1).map((t) => t - 1)).toEqual(indices);
    expect(times.at(-1)).toBe(0);
  }
});

test("leading steps with the offset 1 are Stable Diffusion's 801, 601, 401, 201, 1", () => {
  expect(tableGrid(1000, 5, "leading", 1).map((t) => t - 1)).toEqual([801, 601, 401, 201, 1, -1]);
  expect(() => tableGrid(1000, 1000, "leading", 1)).toThrow(
    "tableGrid: offset 1 moves the first time to 1001, beyond the table's 1000",
  );
  expect(() => tableGrid(1000, 10, "trailing", 1)).toThrow("0 unless the spacing is leading");
});

test("no table grid visits a time twice or leaves the table, for any number of steps", () => {
  for (const total of [2, 7, 100]) {
    for (let steps = 1; steps <= total; steps++) {
      for (const spacing of ["linspace", "leading", "trailing"] as const) {
        const times = tableGrid(total, steps, spacing);
        expect(times).toHaveLength(steps + 1);
        expect(times[0]).toBeLessThanOrEqual(total);
        for (let i = 1; i <= steps; i++) expect(times[i]).toBeLessThan(times[i - 1] as number);
        if (spacing !== "leading") expect(times[0]).toBe(total);
      }
    }
  }
  for (const steps of [0, 1001, 1.5]) {
    expect(() => tableGrid(1000, steps, "trailing")).toThrow(
      `tableGrid: steps must be an integer from 1 to 1000, got ${steps}`,
    );
  }
});

test("sections visit as many of each part as they say, a whole stride where it is ddim's", () => {
  // improved diffusion's own description: 300 steps in 3 sections of 10, 15 and 20.
  const times = sectionedGrid(300, "10,15,20");
  const inside = (low: number, high: number): number =>
    times.filter((t) => t > low && t <= high).length;
  expect([inside(0, 100), inside(100, 200), inside(200, 300)]).toEqual([10, 15, 20]);
  expect([times[0], times.at(-2), times.at(-1)]).toEqual([300, 1, 0]);
  expect(sectionedGrid(10, [2, 3])).toEqual([10, 8, 6, 5, 1, 0]);
  expect(sectionedGrid(10, "ddim5")).toEqual([9, 7, 5, 3, 1, 0]);
  expect(sectionedGrid(1000, "ddim50").slice(0, 2)).toEqual([981, 961]);
  expect(() => sectionedGrid(1000, "ddim300")).toThrow(
    "no whole stride takes 300 of 1000 steps, got ddim300; try a divisor of 1000",
  );
  expect(() => sectionedGrid(10, "4,6")).toThrow("steps must be an integer from 1 to 5, got 6");
  expect(() => sectionedGrid(10, "4,x")).toThrow("got NaN");
});

test("even log-SNR is even, from one time to the other and then to 0", () => {
  const path = variancePreserving();
  const times = logSnrGrid(path, 6, { last: 1e-3 });
  expect([times[0], times[5], times[6]]).toEqual([1, 1e-3, 0]);
  const steps = times
    .slice(0, 5)
    .map((t, i) => path.logSnr(times[i + 1] as number) - path.logSnr(t));
  for (const step of steps) expect(step).toBeCloseTo(steps[0] as number, 9);
  expect(() => logSnrGrid(rectifiedFlow, 6, { last: 0.01 })).toThrow(
    "logSnrGrid: the path rectifiedFlow is noise alone at start = 1",
  );
  expect(() => logSnrGrid(path, 6, { last: 0 })).toThrow("with 0 < last < start <= 1, got 1 and 0");
  expect(() => logSnrGrid(path, 1, { last: 0.1 })).toThrow("at least 2, got 1");
});

test("Align Your Steps has the published levels, and interpolates them in their logarithm", () => {
  expect(alignYourStepsGrid("stableDiffusion")).toEqual([
    14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0,
  ]);
  expect(alignYourStepsGrid("stableVideoDiffusion", 5)).toEqual([
    700, 15.886, 4.248, 0.981, 0.173, 0,
  ]);
  const twenty = alignYourStepsGrid("stableDiffusionXL", 20);
  expect(twenty).toHaveLength(21);
  expect(twenty[1]).toBeCloseTo(Math.sqrt(14.615 * 6.315), 12);
  // The two published forms of one schedule agree to the digits of the shorter.
  const table = betaPath(scaledLinearBetas());
  for (const model of ["stableDiffusion", "stableDiffusionXL"] as const) {
    const levels = alignYourStepsGrid(model);
    alignYourStepsTimes(model).forEach((t, i) => {
      const sigma = t === 0 ? 0 : (table.sigmas[t - 1] as number);
      expect(Math.abs(sigma - (levels[i] as number))).toBeLessThan(0.004);
    });
  }
  expect(() => alignYourStepsGrid("stableDiffusion", 0)).toThrow(
    "steps must be a positive integer",
  );
});

test("a resolution's shift is √(m/n), or e^μ with FLUX's μ", () => {
  expect(resolutionShift(1024 ** 2, 512 ** 2)).toBe(2);
  expect(dynamicShift(256)).toBeCloseTo(Math.exp(0.5), 14);
  expect(dynamicShift(4096)).toBeCloseTo(Math.exp(1.15), 14);
  const mu = 0.5 + (0.65 * (1024 - 256)) / 3840;
  for (const t of [0.1, 0.6]) {
    // diffusers: e^μ / (e^μ + (1/t - 1)).
    expect(shiftedTime(t, dynamicShift(1024))).toBeCloseTo(
      Math.exp(mu) / (Math.exp(mu) + (1 / t - 1)),
      14,
    );
  }
  expect(() => dynamicShift(10, { maxTokens: 256 })).toThrow("maxTokens must be above baseTokens");
});

test("a spacing that there is not is refused with those there are", () => {
  expect(() => tableGrid(1000, 10, "middle" as never)).toThrow(
    "tableGrid: spacing must be linspace, leading or trailing, got middle",
  );
});
