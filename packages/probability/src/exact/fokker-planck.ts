/** A density on a line that moves: what `fokkerPlanckResidual` checks against its SDE. */
export interface LineFlow {
  /** p(x, t). */
  readonly density: (x: number, t: number) => number;
  /** μ(x, t) of dx = μ dt + g dw. */
  readonly drift: (x: number, t: number) => number;
  /** g²(t); 0 for an ODE, negative for an SDE that is meant to run backwards in time. */
  readonly variance: (t: number) => number;
}

/**
 * By how much a density on a line breaks the Fokker–Planck equation of an SDE, ∂p/∂t + ∂(μ·p)/∂x - ½·g²·∂²p/∂x² = 0,
 * by central differences of fourth order. Without noise it is the continuity equation of an ODE. Right densities leave
 * about step⁴ and rounding.
 *
 * @param step of the differences in x and t
 */
export function fokkerPlanckResidual(flow: LineFlow, x: number, t: number, step = 1e-3): number {
  const { density, drift, variance } = flow;
  const inTime = slope((s) => density(x, s), t, step);
  const inSpace = slope((y) => drift(y, t) * density(y, t), x, step);
  const at = (k: number): number => density(x + k * step, t);
  const curvature = (-at(2) + 16 * at(1) - 30 * at(0) + 16 * at(-1) - at(-2)) / (12 * step * step);
  return inTime + inSpace - (variance(t) * curvature) / 2;
}

function slope(f: (x: number) => number, x: number, h: number): number {
  return (f(x - 2 * h) - 8 * f(x - h) + 8 * f(x + h) - f(x + 2 * h)) / (12 * h);
}
