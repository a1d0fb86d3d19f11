import { formatNumber } from "./format.ts";

export interface LossPoint {
  step: number;
  loss: number;
}

const WIDTH = 720;
const HEIGHT = 400;
const MARGIN = { left: 64, right: 16, top: 32, bottom: 44 };

/** An SVG of a loss over steps: every value thin, their running mean bold; logarithmic where it spans much. */
export function lossPlot(points: readonly LossPoint[], title: string): string {
  const finite = points.filter((p) => Number.isFinite(p.loss));
  const mean = runningMean(finite);
  const losses = finite.map((p) => p.loss);
  let low = Math.min(...losses);
  let high = Math.max(...losses);
  const logarithmic = low > 0 && high / low > 8;
  if (!(high > low)) [low, high] = finite.length > 0 ? [low - 0.5, low + 0.5] : [0, 1];
  const firstStep = finite[0]?.step ?? 0;
  const lastStep = Math.max(firstStep + 1, finite.at(-1)?.step ?? 1);
  const scaleY = logarithmic ? Math.log : (v: number): number => v;

  const x = (step: number): number =>
    MARGIN.left +
    ((step - firstStep) / (lastStep - firstStep)) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (loss: number): number =>
    MARGIN.top +
    ((scaleY(high) - scaleY(loss)) / (scaleY(high) - scaleY(low))) *
      (HEIGHT - MARGIN.top - MARGIN.bottom);
  const path = (line: readonly LossPoint[]): string =>
    thin(line)
      .map((p, i) => `${i === 0 ? "M" : "L"}${x(p.step).toFixed(1)} ${y(p.loss).toFixed(1)}`)
      .join("");

  const bottom = HEIGHT - MARGIN.bottom;
  const right = WIDTH - MARGIN.right;
  const yTicks = logarithmic ? logarithmicTicks(low, high) : linearTicks(low, high);
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="#333">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${MARGIN.left}" y="20" font-size="14">${escape(title)}</text>`,
    ...yTicks.map(
      (v) =>
        `<path d="M${MARGIN.left} ${y(v).toFixed(1)}H${right}" stroke="#e3e3e3"/>` +
        `<text x="${MARGIN.left - 8}" y="${(y(v) + 4).toFixed(1)}" text-anchor="end">${formatNumber(v)}</text>`,
    ),
    ...linearTicks(firstStep, lastStep).map(
      (v) =>
        `<path d="M${x(v).toFixed(1)} ${bottom}v5" stroke="#333"/>` +
        `<text x="${x(v).toFixed(1)}" y="${bottom + 18}" text-anchor="middle">${v}</text>`,
    ),
    `<path d="M${MARGIN.left} ${MARGIN.top}V${bottom}H${right}" fill="none" stroke="#333"/>`,
    `<text x="${(MARGIN.left + right) / 2}" y="${HEIGHT - 8}" text-anchor="middle">step</text>`,
    `<path d="${path(finite)}" fill="none" stroke="#9ec5e8" stroke-width="1"/>`,
    `<path d="${path(mean)}" fill="none" stroke="#1f6fb2" stroke-width="2"/>`,
    "</svg>",
  ];
  return `${lines.join("\n")}\n`;
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

function linearTicks(low: number, high: number): number[] {
  const rough = (high - low) / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((m) => m * power >= rough) ?? 10);
  const ticks: number[] = [];
  for (let i = Math.ceil(low / step); i * step <= high; i++)
    ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

function logarithmicTicks(low: number, high: number): number[] {
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const m of [1, 2, 5]) {
      const tick = Number((m * 10 ** power).toPrecision(12));
      if (tick >= low && tick <= high) ticks.push(tick);
    }
  }
  return ticks;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
