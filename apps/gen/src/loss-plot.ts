import type { MetricsLine } from "./metrics-log.ts";
import { type Chart, drawCharts } from "./plot/chart.ts";

/** A metric at a step. */
export interface LossPoint {
  step: number;
  loss: number;
}

/** An SVG of a loss over steps: every value thin, their running mean bold; logarithmic where it spans much. */
export function lossPlot(points: readonly LossPoint[], title: string): string {
  return drawCharts([curve(points, title)], { width: 640, height: 324 });
}

/** An SVG of every metric of a run over steps, one beside the other. */
export function metricCurves(lines: readonly MetricsLine[]): string {
  const names = [...new Set(lines.flatMap((line) => Object.keys(line)))].filter(
    (name) => name !== "step" && name !== "seconds",
  );
  const charts = names.map((name) =>
    curve(
      lines.flatMap((line) =>
        line[name] === undefined ? [] : [{ step: line.step, loss: Number(line[name]) }],
      ),
      name,
    ),
  );
  return drawCharts(charts, { columns: Math.min(3, charts.length) });
}

function curve(points: readonly LossPoint[], title: string): Chart {
  const finite = points.filter((p) => Number.isFinite(p.loss));
  const low = finite.reduce((least, { loss }) => Math.min(least, loss), Infinity);
  const high = finite.reduce((most, { loss }) => Math.max(most, loss), -Infinity);
  const line = (some: readonly LossPoint[]): [number, number][] =>
    thin(some).map(({ step, loss }) => [step, loss]);
  return {
    title,
    x: { label: "step" },
    y: { logarithmic: low > 0 && high / low > 8 },
    lines: [
      { points: line(finite), color: "#9ec5e8", width: 1 },
      { points: line(runningMean(finite)), color: "#1f6fb2" },
    ],
  };
}

/** The mean of the values so far, old ones fading over a fiftieth of the whole. */
function runningMean(points: readonly LossPoint[]): LossPoint[] {
  const decay = 1 - 1 / Math.max(1, points.length / 50);
  let weight = 0;
  let sum = 0;
  return points.map(({ step, loss }) => {
    sum = decay * sum + loss;
    weight = decay * weight + 1;
    return { step, loss: sum / weight };
  });
}

/** At most 2,000 points: more cannot be told apart. */
function thin(points: readonly LossPoint[]): readonly LossPoint[] {
  const stride = Math.ceil(points.length / 2000);
  return stride <= 1
    ? points
    : points.filter((_, i) => i % stride === 0 || i === points.length - 1);
}
