import type { Interval } from "@gen/metrics";
import type { Evaluation, Scores } from "./evaluate.ts";
import type { PointScores } from "./evaluate-points.ts";
import { formatShare } from "./format.ts";
import type { LikelihoodReport } from "./likelihood-report.ts";

/** Three significant digits. */
export function shortNumber(value: number): string {
  const size = Math.abs(value);
  return size !== 0 && size < 1e-3 ? value.toExponential(2) : String(Number(value.toPrecision(3)));
}

/** «0.91 (0.88 to 0.94)» */
export function withInterval(value: number, { low, high }: Interval): string {
  return `${shortNumber(value)} (${shortNumber(low)} to ${shortNumber(high)})`;
}

/** What a classifier says of images, for people. */
export function describeEvaluation(e: Evaluation): string[] {
  const real =
    e.heldOutAccuracy === null ? "" : ` (held-out images: ${formatShare(e.heldOutAccuracy)})`;
  const other = e.heldOutFid === null ? "" : ` (held-out images: ${e.heldOutFid.toFixed(3)})`;
  return [
    ...(e.labelAccuracy === null
      ? []
      : [`Read as the label asked for: ${formatShare(e.labelAccuracy)} of ${e.samples}${real}`]),
    `Fréchet distance to ${e.trainingImages} training images, in ${e.featureDims} features: ${e.fid.toFixed(3)}${other}`,
    ...(e.scores ? describeScores(e.scores) : []),
  ];
}

function describeScores({ frechet, kernel, precisionRecall, densityCoverage }: Scores): string[] {
  const p = precisionRecall;
  const d = densityCoverage;
  return [
    `With intervals of 95 %: Fréchet distance ${withInterval(frechet.distance, frechet.interval)}, ` +
      `kernel distance ${withInterval(kernel.distance, kernel.interval)},`,
    `precision ${withInterval(p.precision, p.precisionInterval)}, recall ${withInterval(p.recall, p.recallInterval)}, ` +
      `density ${withInterval(d.density, d.densityInterval)}, coverage ${withInterval(d.coverage, d.coverageInterval)}`,
    `Features by ${frechet.extractor}`,
  ];
}

export function describePoints({
  slicedWasserstein,
  realSlicedWasserstein,
  mmd,
  modes,
  samples,
}: PointScores): string[] {
  return [
    `Sliced Wasserstein distance of ${samples} points: ${shortNumber(slicedWasserstein.distance)} (points of the data: ${shortNumber(realSlicedWasserstein)})`,
    `Squared maximum mean discrepancy: ${withInterval(mmd.squared, mmd.interval)}`,
    ...(modes
      ? [
          `Modes hit: ${modes.hit} of ${modes.modes}; within 3 standard deviations of one: ${formatShare(modes.highQualityShare)}`,
        ]
      : []),
  ];
}

export function describeLikelihood(report: LikelihoodReport): string[] {
  const { kind, of, examples, nats, interval, bitsPerDimension, trueNats } = report;
  return [
    `Log-likelihood of ${examples} held-out examples (${of}; ${kind}): ${nats.toFixed(3)} nats (${interval.low.toFixed(3)} to ${interval.high.toFixed(3)})` +
      (bitsPerDimension === null ? "" : `, ${bitsPerDimension.toFixed(3)} bits per dimension`) +
      (trueNats === null ? "" : `; under the density of the data itself: ${trueNats.toFixed(3)}`),
  ];
}
