import {
  betaPath,
  betasOfPath,
  cosine,
  edm,
  laplacePath,
  linearBetas,
  type Path,
  rectifiedFlow,
  scaledLinearBetas,
  sigmoidBetas,
  sigmoidPath,
  subVariancePreserving,
  trigonometric,
  varianceExploding,
  variancePreserving,
  zeroTerminalSnr,
} from "@gen/schedules";
import { type Chart, colorOf, drawCharts } from "./chart.ts";

/** The paths that can be shown, by the names of @gen/schedules. */
export const paths: Readonly<Record<string, () => Path>> = {
  rectifiedFlow: () => rectifiedFlow,
  trigonometric: () => trigonometric,
  variancePreserving: () => variancePreserving(),
  subVariancePreserving: () => subVariancePreserving(),
  cosine: () => cosine(),
  sigmoidPath: () => sigmoidPath(),
  laplacePath: () => laplacePath(),
  varianceExploding: () => varianceExploding(),
  edm: () => edm(),
  linearBetas: () => betaPath(linearBetas()),
  scaledLinearBetas: () => betaPath(scaledLinearBetas()),
  zeroTerminalSnr: () => betaPath(zeroTerminalSnr(scaledLinearBetas())),
  sigmoidBetas: () => betaPath(sigmoidBetas()),
  cosineBetas: () => betaPath(betasOfPath(cosine())),
};

const POINTS = 120;

/** a, b and the log-SNR of paths over their time, from data (0) to noise (1). */
export function pathPicture(names: readonly string[]): string {
  const chosen = names.map((name) => (paths[name] as () => Path)());
  const over = (value: (path: Path, t: number) => number): Chart["lines"] =>
    chosen.map((path, i) => ({
      color: colorOf(i),
      points: Array.from({ length: POINTS + 1 }, (_, k) => {
        const share = k / POINTS;
        return [share, value(path, share * path.end)] as const;
      }),
    }));
  const x = { label: "time / end", low: 0, high: 1 };
  const most = chosen.every((path) => path.b(path.end) <= 1.001) ? 1.02 : undefined;
  const charts: Chart[] = [
    {
      title: "a(t), the data's share",
      x,
      y: { low: 0, high: 1.02 },
      lines: over((path, t) => path.a(t)),
    },
    {
      title: "b(t), the noise's share",
      x,
      y: most ? { low: 0, high: most } : { logarithmic: true, low: 0.01 },
      lines: over((path, t) => path.b(t)),
    },
    {
      title: "log-SNR, log(a²/b²)",
      x,
      y: { low: -16, high: 16 },
      lines: over((path, t) => path.logSnr(t)),
    },
  ];
  return drawCharts(charts, { legend: names.map((name, i) => ({ name, color: colorOf(i) })) });
}
