import { type Features, sidesOf } from "./features.ts";
import { checkLevel, type Interval, mean, meanInterval, shareInterval } from "./interval.ts";
import { centred, eachSquaredDistance, neighbourRadii } from "./nearest.ts";
import { checkNeighbours, type NeighbourOptions } from "./neighbour-options.ts";
import type { Report } from "./report.ts";

export interface DensityCoverageReport extends Report {
  /** How many balls of real samples a generated one lies in, over k: about 1 when both are equal, and not bounded. */
  readonly density: number;
  /** The share of real samples with a generated one in their ball. */
  readonly coverage: number;
  /** Over the samples that are judged, with the balls held. */
  readonly densityInterval: Interval;
  readonly coverageInterval: Interval;
}

/**
 * Density and coverage (Naeem et al. 2020, arXiv:2002.09797, eq. 4 and 6): as precision and recall, but only balls
 * around real samples count, so that a few outliers among them do not make a large manifold. For equal distributions
 * of equal counts the expected coverage is near 1 - 1/2ᵏ. Cost: m·(n + m/2)·dims multiplications.
 *
 * @throws if a side has k samples or fewer, lengths differ, or a feature is not finite
 */
export function densityCoverage(
  generated: Features,
  real: Features,
  { k = 5, level = 0.95 }: NeighbourOptions = {},
): DensityCoverageReport {
  checkNeighbours("densityCoverage", k);
  checkLevel("densityCoverage", level);
  const sides = sidesOf("densityCoverage", generated, real, k + 1);
  const [a, b] = centred(sides.generated, sides.real);
  const radii = neighbourRadii(b, k);
  const densities = new Float64Array(a.count);
  const covered = new Uint8Array(b.count);
  eachSquaredDistance(a, b, (i, j, squared) => {
    if (!(squared <= radii[j]!)) return;
    densities[i]! += 1 / k;
    covered[j] = 1;
  });
  const coverage = mean(covered);
  return {
    density: mean(densities),
    coverage,
    densityInterval: meanInterval(densities, level),
    coverageInterval: shareInterval(coverage, b.count, level),
    protocol: `density and coverage, k = ${k} (arXiv:2002.09797)`,
    extractor: sides.extractor,
    counts: [a.count, b.count],
    dims: a.dims,
  };
}
