import type { AdversarialLoss } from "./adversarial-loss.ts";
import { hinge } from "./hinge.ts";
import { leastSquares } from "./least-squares.ts";
import { minimax } from "./minimax.ts";
import { nonSaturating } from "./non-saturating.ts";
import { relativistic } from "./relativistic.ts";
import { wasserstein } from "./wasserstein.ts";

export type AdversarialLossName =
  | "minimax"
  | "non-saturating"
  | "least-squares"
  | "hinge"
  | "wasserstein"
  | "relativistic";

/** All losses by name, as a configuration says them. */
export const adversarialLosses: Readonly<Record<AdversarialLossName, AdversarialLoss>> = {
  minimax,
  "non-saturating": nonSaturating,
  "least-squares": leastSquares,
  hinge,
  wasserstein,
  relativistic,
};
