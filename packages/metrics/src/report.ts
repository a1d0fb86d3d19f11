/** What every score says besides its number. Numbers compare only where all of it is equal. */
export interface Report {
  /** What was computed, with its settings and source. */
  readonly protocol: string;
  /** The extractor of the features, as the caller stated it. */
  readonly extractor: string;
  /** How many samples: generated, real. */
  readonly counts: readonly [number, number];
  /** The length of a feature vector. */
  readonly dims: number;
}
