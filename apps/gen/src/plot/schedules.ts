import {
  alignYourStepsGrid,
  betaGrid,
  cosMap,
  exponentialGrid,
  karrasGrid,
  logNormal,
  logitNormal,
  mode,
  polyexponentialGrid,
  shiftedDistribution,
  type TimeDistribution,
  uniform,
  uniformGrid,
} from "@gen/schedules";
import { type Chart, colorOf, drawCharts } from "./chart.ts";

const range = { sigmaMin: 0.03, sigmaMax: 14.6 };

/** The grids of noise levels that can be shown. */
export const grids: Readonly<Record<string, (steps: number) => number[]>> = {
  uniformGrid: (steps) => uniformGrid(steps, range.sigmaMax),
  karrasGrid: (steps) => karrasGrid(steps, range),
  exponentialGrid: (steps) => exponentialGrid(steps, range),
  polyexponentialGrid: (steps) => polyexponentialGrid(steps, { ...range, rho: 2 }),
  betaGrid: (steps) => betaGrid(steps, range),
  alignYourStepsGrid: (steps) => alignYourStepsGrid("stableDiffusion", steps),
};

/** The distributions of training times that can be shown. */
export const distributions: Readonly<Record<string, TimeDistribution>> = {
  uniform,
  logitNormal: logitNormal(),
  mode: mode(),
  cosMap,
  "logitNormal shifted by 3": shiftedDistribution(logitNormal(), 3),
};

/** Noise levels of step grids, densities of training times, and EDM's noise levels. */
export function schedulePicture(names: readonly string[], steps: number): string {
  const levels = names.map((name) => (grids[name] as (steps: number) => number[])(steps));
  const densities = Object.values(distributions);
  const offset = names.length; // other colours than the grids'
  const charts: Chart[] = [
    {
      title: `noise levels σ of ${steps} steps, before 0`,
      x: { label: "step" },
      y: { logarithmic: true },
      lines: levels.map((sigmas, i) => ({
        color: colorOf(i),
        width: 1.5,
        dots: true,
        points: sigmas.slice(0, -1).map((sigma, k) => [k, sigma] as const),
      })),
    },
    {
      title: "density of training times",
      x: { label: "t", low: 0, high: 1 },
      y: { low: 0, high: 3 },
      lines: densities.map(({ density }, i) => ({
        color: colorOf(offset + i),
        points: even(0.002, 0.998, (t) => [t, density(t)]),
      })),
    },
    {
      title: "density of EDM's log σ",
      x: { label: "σ", logarithmic: true },
      y: { low: 0 },
      lines: [
        {
          color: "#000",
          points: even(-6, 4, (log) => {
            const sigma = Math.exp(log);
            return [sigma, sigma * logNormal().density(sigma)];
          }),
        },
      ],
    },
  ];
  const legend = [...names, ...Object.keys(distributions)].map((name, i) => ({
    name,
    color: colorOf(i),
  }));
  return drawCharts(charts, { legend });
}

function even(
  low: number,
  high: number,
  point: (x: number) => readonly [number, number],
): (readonly [number, number])[] {
  return Array.from({ length: 121 }, (_, i) => point(low + (i / 120) * (high - low)));
}
