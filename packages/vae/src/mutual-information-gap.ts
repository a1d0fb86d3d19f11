export interface MutualInformationGapOptions {
  /** Means of the encoder, row by row: [examples · latents]. */
  readonly latents: ArrayLike<number>;
  /** What the examples were made from, row by row, each a class number: [examples · factors]. */
  readonly factors: ArrayLike<number>;
  readonly examples: number;
  /** Equal intervals into which each latent's range is cut. Default 20. */
  readonly bins?: number;
}

/**
 * How far each factor of the data is told by one latent alone: the mutual information of a factor with its best latent,
 * less that with its second best, over the factor's entropy, a mean over factors (Chen et al. 2018, arXiv:1802.04942,
 * eq. 6). 1 where each factor has a latent of its own, 0 where another latent knows as much. Information is that of the
 * binned values, estimated by counts: too large for few examples.
 */
export function mutualInformationGap(options: MutualInformationGapOptions): number {
  const { latents, factors, examples, bins = 20 } = options;
  const [width, count] = [latents.length / examples, factors.length / examples];
  if (!(Number.isInteger(width) && Number.isInteger(count) && width >= 2 && count >= 1)) {
    throw new Error(
      "mutualInformationGap: latents and factors must hold at least 2 and 1 numbers for each example, got " +
        `${latents.length} and ${factors.length} numbers for ${examples} examples`,
    );
  }
  if (!(Number.isInteger(bins) && bins >= 2)) {
    throw new Error(`mutualInformationGap: bins must be a whole number of 2 or more, got ${bins}`);
  }
  const column = (rows: ArrayLike<number>, of: number, at: number): number[] =>
    Array.from({ length: examples }, (_, i) => rows[i * of + at] as number);
  const binned = Array.from({ length: width }, (_, j) => cut(column(latents, width, j), bins));
  let total = 0;
  for (let k = 0; k < count; k++) {
    const factor = column(factors, count, k);
    const entropy = entropyOf(factor);
    if (entropy === 0) {
      throw new Error(`mutualInformationGap: factor ${k} must vary, got one value`);
    }
    const [best, second] = binned
      .map((latent) => entropy + entropyOf(latent) - entropyOf(pairs(latent, factor)))
      .toSorted((a, b) => b - a) as [number, number];
    total += (best - second) / entropy;
  }
  return total / count;
}

function cut(values: readonly number[], bins: number): number[] {
  const low = values.reduce((a, b) => Math.min(a, b));
  const range = values.reduce((a, b) => Math.max(a, b)) - low;
  return values.map((v) =>
    range === 0 ? 0 : Math.min(bins - 1, Math.floor(((v - low) / range) * bins)),
  );
}

const pairs = (a: readonly number[], b: readonly number[]): string[] =>
  a.map((v, i) => `${v} ${b[i]}`);

/** Of the values' frequencies, in nats. */
function entropyOf(values: readonly (number | string)[]): number {
  const counts = new Map<number | string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  let entropy = 0;
  for (const n of counts.values()) entropy -= (n / values.length) * Math.log(n / values.length);
  return entropy;
}
