import * as g from "../src/index.ts";
import type { Sampler } from "../src/index.ts";

/** A solver to be tested: how it is made from its times, and what is said of it. */
export interface Member {
  readonly name: string;
  readonly make: (times: number[]) => Sampler;
  /** Its theoretical order, on times that fall evenly. Absent: it draws noise. */
  readonly order?: number;
  /** A method whose order needs σ to fall evenly. */
  readonly evenSigma?: true;
  /** It begins with lower orders, as is its default. */
  readonly lowerStart?: true;
}

const rk4 = { start: g.rk4Tableau };

/** Every solver. A new one is tested by being listed. */
export const members: readonly Member[] = [
  { name: "euler", order: 1, make: (t) => g.euler(t) },
  { name: "heun", order: 2, make: (t) => g.heun(t) },
  { name: "midpoint", order: 2, make: g.midpoint },
  { name: "ralston", order: 2, make: g.ralston },
  { name: "heun3", order: 3, make: g.heun3 },
  { name: "rk4", order: 4, make: g.rk4 },
  { name: "dormandPrinceFixed", order: 5, make: g.dormandPrinceFixed },
  { name: "ddim", order: 1, make: (t) => g.ddim(t) },
  { name: "dpm2", order: 2, make: g.dpm2 },
  { name: "dpmSolver 1", order: 1, make: (t) => g.dpmSolver(t, { order: 1 }) },
  { name: "dpmSolver 2", order: 2, make: (t) => g.dpmSolver(t, { order: 2 }) },
  { name: "dpmSolver 3", order: 3, make: (t) => g.dpmSolver(t, { order: 3 }) },
  { name: "dpmSolver++ 1", order: 1, make: (t) => g.dpmSolverPlusPlus(t, { order: 1 }) },
  { name: "dpmSolver++ 2S", order: 2, make: (t) => g.dpmSolverPlusPlus(t, { order: 2 }) },
  { name: "dpmSolver++ 3S", order: 3, make: (t) => g.dpmSolverPlusPlus(t, { order: 3 }) },
  {
    name: "dpmSolver 2, stages at the times",
    order: 2,
    make: (t) => g.dpmSolver(t, { order: 2, stages: "times" }),
  },
  {
    name: "dpmSolver++ 3S, stages at the times",
    order: 3,
    make: (t) => g.dpmSolverPlusPlus(t, { order: 3, stages: "times" }),
  },
  { name: "dpmSolver 1M", order: 1, make: (t) => g.dpmSolverMultistep(t, { order: 1 }) },
  { name: "dpmSolver 2M", order: 2, make: (t) => g.dpmSolverMultistep(t) },
  { name: "dpmSolver 3M", order: 3, make: (t) => g.dpmSolverMultistep(t, { order: 3, ...rk4 }) },
  { name: "dpmSolver++ 1M", order: 1, make: (t) => g.dpmSolverPlusPlusMultistep(t, { order: 1 }) },
  { name: "dpmSolver++ 2M", order: 2, make: (t) => g.dpmSolverPlusPlusMultistep(t) },
  {
    name: "dpmSolver++ 2M polynomial",
    order: 2,
    make: (t) => g.dpmSolverPlusPlusMultistep(t, { weights: g.polynomial("logSnr") }),
  },
  {
    name: "dpmSolver++ 3M",
    order: 3,
    make: (t) => g.dpmSolverPlusPlusMultistep(t, { order: 3, ...rk4 }),
  },
  {
    name: "dpmSolver++ 3M half curvature",
    order: 2,
    make: (t) => g.dpmSolverPlusPlusMultistep(t, { order: 3, weights: g.halfCurvature, ...rk4 }),
  },
  {
    name: "dpmSolver++ 3M, lower start",
    order: 2,
    lowerStart: true,
    make: (t) => g.dpmSolverPlusPlusMultistep(t, { order: 3 }),
  },
  ...([1, 2, 3, 4] as const).flatMap((order): Member[] => [
    { name: `lms ${order}`, order, make: (t) => g.lms(t, { order, ...rk4 }) },
    { name: `deis tAB${order - 1}`, order, make: (t) => g.deis(t, { order, ...rk4 }) },
  ]),
  { name: "lms 4, lower start", order: 2, lowerStart: true, make: (t) => g.lms(t) },
  { name: "deis tAB3, lower start", order: 2, lowerStart: true, make: (t) => g.deis(t) },
  { name: "ipndm", order: 2, make: (t) => g.ipndm(t) },
  { name: "ipndm, σ even", order: 4, evenSigma: true, make: (t) => g.ipndm(t, rk4) },
  { name: "pndm", order: 2, make: g.pndm },
  { name: "pndm, σ even", order: 4, evenSigma: true, make: g.pndm },
  { name: "plms", order: 2, make: g.plms },
  ...(["bh1", "bh2"] as const).flatMap((variant): Member[] => [
    { name: `uniPC 1 ${variant}`, order: 2, make: (t) => g.uniPC(t, { order: 1, variant }) },
    { name: `uniPC 2 ${variant}`, order: 3, make: (t) => g.uniPC(t, { order: 2, variant }) },
    {
      name: `uniPC 3 ${variant}`,
      order: 4,
      make: (t) => g.uniPC(t, { order: 3, variant, ...rk4 }),
    },
  ]),
  {
    name: "uniPC 3, lower start",
    order: 3,
    lowerStart: true,
    make: (t) => g.uniPC(t, { order: 3 }),
  },
  { name: "uniPC 2 noise", order: 3, make: (t) => g.uniPC(t, { order: 2, kind: "noise" }) },
  {
    name: "saSolver 2, τ = 0",
    order: 3,
    make: (t) => g.saSolver(t, { tau: () => 0, predictorOrder: 2, correctorOrder: 2 }),
  },
  {
    name: "saSolver 2 bh1, τ = 0",
    order: 2,
    make: (t) =>
      g.saSolver(t, { tau: () => 0, predictorOrder: 2, correctorOrder: 1, variant: "bh1" }),
  },
  { name: "saSolver 3, τ = 0", order: 4, make: (t) => g.saSolver(t, { tau: () => 0, ...rk4 }) },
  {
    name: "saSolver, τ = 0, lower start",
    order: 3,
    lowerStart: true,
    make: (t) => g.saSolver(t, { tau: () => 0 }),
  },
  {
    name: "stochasticFlow, w = 0",
    order: 1,
    make: (t) => g.stochasticFlow(t, { diffusion: () => 0 }),
  },

  { name: "ddpm", make: (t) => g.ddpm(t) },
  { name: "ddpm forward", make: (t) => g.ddpm(t, { variance: g.forwardVariance }) },
  { name: "ddpm learned", make: (t) => g.ddpm(t, { variance: "learned" }) },
  { name: "ddpm analytic", make: (t) => g.ddpm(t, { variance: g.analyticVariance(() => 0.9) }) },
  { name: "ddim η = 1/2", make: (t) => g.ddim(t, { eta: 0.5 }) },
  { name: "eulerAncestral", make: (t) => g.eulerAncestral(t) },
  { name: "dpm2Ancestral", make: (t) => g.dpm2Ancestral(t) },
  { name: "dpmSolver++ 2S ancestral", make: (t) => g.dpmSolverPlusPlus2SAncestral(t) },
  { name: "dpmSolver++ SDE", make: (t) => g.dpmSolverPlusPlusSDE(t) },
  {
    name: "dpmSolver++ SDE, Brownian tree",
    make: (t) => g.dpmSolverPlusPlusSDE(t, { noise: g.brownianTree() }),
  },
  ...([1, 2, 3] as const).map((order): Member => ({
    name: `sdeDpmSolver++ ${order}M`,
    make: (t) => g.sdeDpmSolverPlusPlus(t, { order }),
  })),
  {
    name: "sdeDpmSolver++ 2M, Brownian tree",
    make: (t) => g.sdeDpmSolverPlusPlus(t, { noise: g.brownianTree() }),
  },
  { name: "sdeDpmSolver 1", make: (t) => g.sdeDpmSolver(t, { order: 1 }) },
  { name: "sdeDpmSolver 2M", make: (t) => g.sdeDpmSolver(t, { order: 2 }) },
  { name: "saSolver", make: (t) => g.saSolver(t) },
  {
    name: "saSolver 2 bh1",
    make: (t) => g.saSolver(t, { predictorOrder: 2, correctorOrder: 1, variant: "bh1" }),
  },
  { name: "saSolver, τ = 1/2", make: (t) => g.saSolver(t, { tau: () => 0.5 }) },
  { name: "euler, churn", make: (t) => g.euler(t, { amount: 20 }) },
  { name: "heun, churn", make: (t) => g.heun(t, { amount: 20 }) },
  { name: "stochasticFlow", make: (t) => g.stochasticFlow(t) },
];
