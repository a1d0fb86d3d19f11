import { eightGaussiansMixture, type GaussianMixture } from "@gen/data";
import { foldIn, key, normalArray } from "@gen/random";
import {
  ddim,
  ddpm,
  deis,
  dpm2,
  dpmSolverPlusPlusMultistep,
  euler,
  eulerAncestral,
  type Evaluator,
  heun,
  lms,
  midpoint,
  rk4,
  type Sampler,
  type SamplerState,
  sdeDpmSolverPlusPlus,
  uniPC,
} from "@gen/samplers";
import { logSnrGrid, type Path, predictionConversion, variancePreserving } from "@gen/schedules";
import { type Chart, colorOf, drawCharts, type Line } from "./chart.ts";

interface Shown {
  make: (times: readonly number[]) => Sampler;
  /** Whether it adds noise on its way, so that nothing converges. */
  stochastic?: true;
}

/** The samplers that can be shown, by the names of @gen/samplers. */
export const samplers: Readonly<Record<string, Shown>> = {
  euler: { make: euler },
  heun: { make: heun },
  midpoint: { make: midpoint },
  rk4: { make: rk4 },
  ddim: { make: (times) => ddim(times) },
  dpm2: { make: dpm2 },
  dpmSolverPlusPlusMultistep: { make: (times) => dpmSolverPlusPlusMultistep(times) },
  uniPC: { make: (times) => uniPC(times) },
  deis: { make: (times) => deis(times) },
  lms: { make: (times) => lms(times) },
  ddpm: { make: (times) => ddpm(times), stochastic: true },
  eulerAncestral: { make: (times) => eulerAncestral(times), stochastic: true },
  sdeDpmSolverPlusPlus: { make: (times) => sdeDpmSolverPlusPlus(times), stochastic: true },
};

const path = variancePreserving();
const LAST = 1e-3;
const EXTENT = 4;

/**
 * Where samplers lead noise to in a mixture of eight Gaussians whose score is exact: their trajectories over the
 * density of the data, one chart each; and for those without noise of their own, the error over the number of steps.
 */
export function samplerPicture(
  names: readonly string[],
  { steps, count, seed }: { steps: number; count: number; seed: number },
): string {
  const starts = Float64Array.from(normalArray(key(seed), 2 * count));
  const evaluator = exactEvaluator(path, eightGaussiansMixture);
  const shown = names.map((name) => ({ name, ...(samplers[name] as Shown) }));
  const charts: Chart[] = shown.map(({ name, make }, i) => {
    const route = run(make(times(steps)), evaluator, starts, seed);
    const lines: Line[] = Array.from({ length: count }, (_, k) => ({
      color: colorOf(i),
      width: 0.9,
      opacity: 0.75,
      points: route.map((x) => [x[2 * k] as number, x[2 * k + 1] as number] as const),
    }));
    const ends = Array.from({ length: count }, (_, k) => {
      const x = route.at(-1) as Float64Array;
      return [x[2 * k] as number, x[2 * k + 1] as number] as const;
    });
    const axis = { low: -EXTENT, high: EXTENT };
    const scatter = [{ points: ends, color: "#000", radius: 1.6 }];
    const x = { ...axis, label: `${steps} steps` };
    return { title: name, x, y: axis, lines, scatter, under: "density" };
  });
  const exact = shown.filter(({ stochastic }) => !stochastic);
  if (exact.length > 0) {
    const truth = run(rk4(times(1280)), evaluator, starts, seed).at(-1) as Float64Array;
    const numbers = [5, 10, 20, 40, 80, 160, 320];
    charts.push({
      title: "error over steps",
      x: { label: "steps", logarithmic: true },
      y: { logarithmic: true },
      lines: exact.map(({ name, make }) => ({
        color: colorOf(names.indexOf(name)),
        width: 1.5,
        dots: true,
        points: numbers.map((n) => {
          const x = run(make(times(n)), evaluator, starts, seed).at(-1) as Float64Array;
          const squares = x.reduce((sum, value, i) => sum + (value - (truth[i] as number)) ** 2, 0);
          return [n, Math.sqrt(squares / x.length)] as const;
        }),
      })),
    });
  }
  return drawCharts(charts, {
    width: 240,
    height: 240,
    columns: Math.ceil(charts.length / Math.ceil(charts.length / 4)),
    legend: names.map((name, i) => ({ name, color: colorOf(i) })),
    shared: { density: densityPicture(eightGaussiansMixture) },
  });
}

/** Even in log-SNR from noise to all but data: no step ends where the score has no bound. */
function times(steps: number): number[] {
  return logSnrGrid(path, steps + 1, { last: LAST }).slice(0, -1);
}

/** All states of a run, from the start on. */
function run(
  sampler: Sampler,
  evaluator: Evaluator<Float64Array>,
  x: Float64Array,
  seed: number,
): Float64Array[] {
  let state: SamplerState<Float64Array> = { index: 0, x, key: foldIn(key(seed), 1) };
  const route = [x];
  while (state.index < sampler.times.length - 1) {
    state = sampler.step(state, evaluator);
    route.push(state.x);
  }
  return route;
}

/** The exact model of a mixture on plain numbers: points are pairs. */
function exactEvaluator(on: Path, mixture: GaussianMixture): Evaluator<Float64Array> {
  const combine: Evaluator<Float64Array>["combine"] = (terms) =>
    (terms[0] as (typeof terms)[number])[1].map((_, i) =>
      terms.reduce((sum, [c, value]) => sum + c * (value[i] as number), 0),
    );
  return {
    path: on,
    combine,
    predict(x, t, wanted) {
      const score = mixture.noised(on.a(t), on.b(t)).score(x);
      const conversion = predictionConversion(on, t, "score", wanted);
      return combine([
        [conversion.input, x],
        [conversion.prediction, score],
      ]);
    },
    predictWithVariance() {
      throw new Error("samplerPicture: the exact model has no learned variance");
    },
    normal: (like, noise, logStd) =>
      Float64Array.from(normalArray(noise, like.length), (z, i) => z * Math.exp(logStd?.[i] ?? 0)),
    errorNorm() {
      throw new Error("samplerPicture: shows samplers with a fixed plan only");
    },
  };
}

const CELLS = 72;
const LEVELS = [0.02, 0.1, 0.3, 0.6, 0.9];

/** The density in the square [-EXTENT, EXTENT]², as a picture in the unit square: each level is one translucent shape. */
function densityPicture(mixture: GaussianMixture): string {
  const at = (i: number): number => ((i + 0.5) / CELLS) * 2 * EXTENT - EXTENT;
  const points = Array.from({ length: CELLS * CELLS }, (_, i) => [
    at(i % CELLS),
    -at(Math.floor(i / CELLS)),
  ]).flat();
  const logs = mixture.logDensity(points);
  const most = Math.max(...logs);
  const shapes = LEVELS.map((level) => {
    const least = most + Math.log(level);
    let d = "";
    for (let row = 0; row < CELLS; row++) {
      const above = (column: number): number => (logs[row * CELLS + column] as number) - least;
      // Between the middles of two cells the log-density is all but straight: there is the edge.
      const edge = (column: number): number => {
        const [left, right] = [above(column - 1), above(column)];
        return Math.round(10 * (column - 0.5 + left / (left - right))) / 10;
      };
      for (let column = 1; column < CELLS; column++) {
        if (!(above(column - 1) <= 0 && above(column) > 0)) continue;
        const start = edge(column);
        while (column < CELLS - 1 && above(column) > 0) column++;
        d += `M${start} ${row}H${edge(column)}v1H${start}z`;
      }
    }
    return `<path d="${d}" fill="#777" opacity="0.16"/>`;
  });
  return `<g transform="scale(${1 / CELLS})">${shapes.join("")}</g>`;
}
