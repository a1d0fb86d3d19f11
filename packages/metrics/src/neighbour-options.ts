export interface NeighbourOptions {
  /** Which neighbour a sample's ball reaches to. */
  readonly k?: number;
  /** The level of the intervals, 0.95 unless told. */
  readonly level?: number;
}

export function checkNeighbours(caller: string, k: number): void {
  if (!Number.isInteger(k) || k < 1) {
    throw new Error(`${caller}: k must be a positive integer, got ${k}`);
  }
}
