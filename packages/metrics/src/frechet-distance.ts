import type { FeatureStatistics } from "./feature-statistics.ts";
import { commonExtractor } from "./features.ts";
import type { Report } from "./report.ts";
import { squareRootTrace } from "./square-root-trace.ts";

/** A Fréchet distance with what it was computed from. Numbers of different feature extractors do not compare. */
export interface FrechetReport extends Report {
  /** meanTerm + covarianceTerm; what is called FID where the features are those of the Inception network. */
  readonly distance: number;
  /** ‖μ₁ - μ₂‖². */
  readonly meanTerm: number;
  /** tr(Σ₁ + Σ₂ - 2·(Σ₁Σ₂)^½). */
  readonly covarianceTerm: number;
  /** Whether both sides have more samples than dimensions; otherwise a covariance is singular and the bias large. */
  readonly fullRank: boolean;
}

/**
 * The squared Fréchet (2-Wasserstein) distance between two normal distributions (Dowson and Landau 1982; Heusel et
 * al. 2017, arXiv:1706.08500, eq. 6), in float64. Biased upwards, the more so the fewer samples there are: see
 * `frechetDistanceInfinity`. 2048 dims take about 40 s on one core.
 *
 * @param a of the generated samples
 * @param b of the real ones
 * @throws if the two have different dims, or a mean or covariance has the wrong length or numbers that are not finite
 */
export function frechetDistance(a: FeatureStatistics, b: FeatureStatistics): FrechetReport {
  check(a, "first");
  check(b, "second");
  const extractor = commonExtractor("frechetDistance", a, b);
  const { dims } = a;
  let meanTerm = 0;
  let traces = 0;
  for (let i = 0; i < dims; i++) {
    meanTerm += (a.mean[i]! - b.mean[i]!) ** 2;
    traces += a.covariance[i * dims + i]! + b.covariance[i * dims + i]!;
  }
  const covarianceTerm = Math.max(
    0,
    traces - 2 * squareRootTrace(a.covariance, b.covariance, dims),
  );
  return {
    distance: meanTerm + covarianceTerm,
    meanTerm,
    covarianceTerm,
    protocol: "Fréchet distance, float64, covariances over n - 1 (arXiv:1706.08500)",
    extractor,
    counts: [a.count, b.count],
    dims,
    fullRank: Math.min(a.count, b.count) > dims,
  };
}

function check({ count, dims, mean, covariance }: FeatureStatistics, which: string): void {
  if (!(count >= 2)) {
    throw new Error(
      `frechetDistance: the ${which} statistics need at least 2 samples, got ${count}`,
    );
  }
  if (mean.length !== dims || covariance.length !== dims * dims) {
    throw new Error(
      `frechetDistance: the ${which} statistics have dims ${dims}, ` +
        `got a mean of ${mean.length} and a covariance of ${covariance.length} numbers`,
    );
  }
  if (!mean.every(Number.isFinite) || !covariance.every(Number.isFinite)) {
    throw new Error(`frechetDistance: the ${which} statistics hold numbers that are not finite`);
  }
}
