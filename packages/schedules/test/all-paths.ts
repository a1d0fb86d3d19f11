import {
  betaPath,
  betasOfPath,
  cosine,
  edm,
  linearBetas,
  rectifiedFlow,
  scaledLinearBetas,
  subVariancePreserving,
  trigonometric,
  varianceExploding,
  variancePreserving,
  type Path,
} from "../src/index.ts";

/** Every path. A new one is tested by being listed. */
export const allPaths: readonly Path[] = [
  rectifiedFlow,
  trigonometric,
  edm(),
  variancePreserving(),
  subVariancePreserving(),
  varianceExploding(),
  cosine(),
  betaPath(linearBetas(), "linear table"),
  betaPath(scaledLinearBetas(), "scaled-linear table"),
  betaPath(betasOfPath(cosine()), "cosine table"),
];
