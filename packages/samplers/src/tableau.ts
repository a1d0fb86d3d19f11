/**
 * An explicit Runge–Kutta method as data (Butcher's tableau). Stage i evaluates the derivative k_i at
 * x + h·Σ_j a[i][j]·k_j and time t + c[i]·h; the step is x + h·Σ_i b[i]·k_i.
 */
export interface Tableau {
  readonly order: number;
  readonly c: readonly number[];
  /** Row i has i numbers. */
  readonly a: readonly (readonly number[])[];
  readonly b: readonly number[];
}
