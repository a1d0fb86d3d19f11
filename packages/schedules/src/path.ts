/**
 * A noise path, x_t = a(t)·x + b(t)·z with data x and noise z ~ N(0, I). Time runs from data (t = 0: a = 1, b = 0) to
 * noise (t = `end`). Everything else about a diffusion or flow model follows from a and b.
 */
export interface Path {
  readonly name: string;
  /** The time of pure (or all but pure) noise. */
  readonly end: number;
  /** The share of the data in x_t. */
  a(t: number): number;
  /** The share of the noise in x_t: its standard deviation given x. */
  b(t: number): number;
  /** da/dt. */
  aPrime(t: number): number;
  /** db/dt. */
  bPrime(t: number): number;
  /** log(a²/b²), falling from +∞ at t = 0. */
  logSnr(t: number): number;
  /** The time with this log-SNR. */
  inverseLogSnr(logSnr: number): number;
}
