import {
  betaPath,
  betasOfPath,
  cosine,
  edm,
  laplacePath,
  linearBetas,
  rectifiedFlow,
  scaledLinearBetas,
  sigmoidPath,
  subVariancePreserving,
  trigonometric,
  varianceExploding,
  variancePreserving,
  zeroTerminalSnr,
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
  sigmoidPath(),
  laplacePath(),
  betaPath(linearBetas(), "linear table"),
  betaPath(scaledLinearBetas(), "scaled-linear table"),
  betaPath(betasOfPath(cosine()), "cosine table"),
  betaPath(zeroTerminalSnr(scaledLinearBetas()), "zero-SNR table"),
];
