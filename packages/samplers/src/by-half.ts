import { moveOf, usable } from "./exponential.ts";
import { polynomial, type Weighted, type WeightRule } from "./weight-rule.ts";

/** UniPC's B(h): `bh1` is h, `bh2` is e^h - 1 (Zhao et al. 2023, arXiv:2302.04867, section 3.2). */
export type Variant = "bh1" | "bh2";

/**
 * With two predictions, B(h)/2 times their difference over one unit of the step; else the polynomial. With noise, h is
 * (1 + η)·h: the rate of the reverse SDE.
 */
export function byHalf(variant: Variant, role: "predictor" | "corrector"): WeightRule {
  return (step) => {
    const [newest, older, third] = usable(step.nodes, step.from, step.to);
    if (!newest || !older || third) return polynomial("logSnr")(step);
    const h = step.to.lambda - step.from.lambda;
    const { weight } = moveOf(step.kind, step.from, step.to, step.eta);
    const slope = (unit(variant, step) * h) / (2 * (newest.lambda - older.lambda));
    // A predictor's constant part is the newest prediction, a corrector's the one at the step's beginning.
    return role === "predictor" ? [weight + slope, -slope] : [slope, weight - slope];
  };
}

function unit(variant: Variant, { kind, from, to, eta }: Weighted): number {
  if (variant === "bh2") return moveOf(kind, from, to, eta).weight;
  const h = (1 + eta) * (to.lambda - from.lambda);
  return kind === "data" ? to.a * h : -to.b * h;
}

/** @throws unless it is one */
export function checkVariant(name: string, variant: Variant): void {
  if (variant === "bh1" || variant === "bh2") return;
  throw new Error(`${name}: variant must be bh1 or bh2, got ${String(variant)}`);
}
