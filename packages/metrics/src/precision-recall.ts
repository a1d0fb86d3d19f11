import { type Features, sidesOf } from "./features.ts";
import { checkLevel, type Interval, mean, shareInterval } from "./interval.ts";
import { centred, eachSquaredDistance, neighbourRadii } from "./nearest.ts";
import { checkNeighbours } from "./neighbour-options.ts";
import type { NeighbourOptions } from "./neighbour-options.ts";
import type { Report } from "./report.ts";

export interface PrecisionRecallReport extends Report {
  /** The share of generated samples within the manifold of the real ones. */
  readonly precision: number;
  /** The share of real samples within the manifold of the generated ones. */
  readonly recall: number;
  /** Over the samples that are judged, with the manifolds held. */
  readonly precisionInterval: Interval;
  readonly recallInterval: Interval;
}

/**
 * Improved precision and recall (Kynkäänniemi et al. 2019, arXiv:1904.06991, eq. 1 and 2): a manifold is the union of
 * the balls around samples that reach to their k-th nearest neighbour. A tight cluster of good samples has high
 * precision and low recall. Cost: (n + m)² · dims / 2 multiplications; use equally many samples of both.
 *
 * @throws if a side has k samples or fewer, lengths differ, or a feature is not finite
 */
export function precisionRecall(
  generated: Features,
  real: Features,
  { k = 3, level = 0.95 }: NeighbourOptions = {},
): PrecisionRecallReport {
  checkNeighbours("precisionRecall", k);
  checkLevel("precisionRecall", level);
  const sides = sidesOf("precisionRecall", generated, real, k + 1);
  const [a, b] = centred(sides.generated, sides.real);
  const radiiOfGenerated = neighbourRadii(a, k);
  const radiiOfReal = neighbourRadii(b, k);
  const isReal = new Uint8Array(a.count);
  const isDrawn = new Uint8Array(b.count);
  eachSquaredDistance(a, b, (i, j, squared) => {
    if (squared <= radiiOfReal[j]!) isReal[i] = 1;
    if (squared <= radiiOfGenerated[i]!) isDrawn[j] = 1;
  });
  const precision = mean(isReal);
  const recall = mean(isDrawn);
  return {
    precision,
    recall,
    precisionInterval: shareInterval(precision, a.count, level),
    recallInterval: shareInterval(recall, b.count, level),
    protocol: `improved precision and recall, k = ${k} (arXiv:1904.06991)`,
    extractor: sides.extractor,
    counts: [a.count, b.count],
    dims: a.dims,
  };
}
