// Distributions, divergences, bounds and estimators on tensors.
export {
  tractable,
  type Bound,
  type Density,
  type Pathwise,
  type Samples,
  type Tractability,
} from "./tractable.ts";

// The exact side in float64, and scores, SDEs, Langevin, oracles.
export { divergence, hutchinsonDivergence, type FieldDivergence } from "./divergence.ts";
export type { ProbeKind } from "./probe.ts";
