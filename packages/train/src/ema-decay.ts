import type { Schedule } from "./schedule.ts";

/**
 * The classic decay of a moving average with a warm-up, min(decay, (1 + n) / (10 + n)) at step n: it forgets the first
 * weights quickly.
 *
 * @param decay in [0, 1); 0.9999
 */
export function warmedUpDecay(decay = 0.9999): Schedule {
  if (!(decay >= 0 && decay < 1)) {
    throw new Error(`warmedUpDecay: decay must lie in [0, 1), got ${decay}`);
  }
  return (step) => Math.min(decay, (1 + step) / (10 + step));
}

/**
 * The decay of a power-function average, Karras et al. 2023 (EDM2), section 3.1: βₜ = (1 - 1/t)^(γ + 1) with t = step
 * + 1. Its window grows with training and needs no warm-up: at the first step it takes the weights as they are.
 *
 * @param relativeWidth σ_rel, the width of the window relative to the time trained so far, in (0, 1/√12]; 0.1
 */
export function powerFunctionDecay(relativeWidth = 0.1): Schedule {
  const gamma = gammaOfWidth(relativeWidth);
  return (step) => (step / (step + 1)) ** (gamma + 1);
}

/**
 * The exponent γ ≥ 0 of a power-function average of width σ_rel = √(γ + 1) / ((γ + 2)·√(γ + 3)): EDM2, section 3.1, solved for γ.
 *
 * @param relativeWidth in (0, 1/√12]
 */
export function gammaOfWidth(relativeWidth: number): number {
  if (!(relativeWidth > 0 && relativeWidth < 0.2887)) {
    throw new Error(`gammaOfWidth: relativeWidth must lie in (0, 0.2886…], got ${relativeWidth}`);
  }
  // γ³ + 7γ² + (16 - s)γ + 12 - s = 0 with s = σ⁻²: convex right of its largest root, where Newton's method starts.
  const s = relativeWidth ** -2;
  let gamma = Math.sqrt(s);
  for (let i = 0; i < 100; i++) {
    const value = ((gamma + 7) * gamma + 16 - s) * gamma + 12 - s;
    const change = value / ((3 * gamma + 14) * gamma + 16 - s);
    gamma -= change;
    if (Math.abs(change) <= 1e-15 * (1 + gamma)) break;
  }
  return Math.max(gamma, 0);
}
