/** A positive definite kernel of two vectors, by their product and their squared lengths. */
export interface Kernel {
  /** With its settings: reports repeat it. */
  readonly name: string;
  of(product: number, squaredA: number, squaredB: number): number;
}

/** (γ·x·y + c)^degree. */
export function polynomialKernel({
  degree,
  gamma,
  coef0,
}: {
  degree: number;
  gamma: number;
  coef0: number;
}): Kernel {
  if (!Number.isInteger(degree) || degree < 1 || !(gamma > 0) || !(coef0 >= 0)) {
    throw new Error(
      "polynomialKernel: degree must be a positive integer, gamma positive and coef0 at least 0, " +
        `got ${degree}, ${gamma} and ${coef0}`,
    );
  }
  return {
    name: `(${gamma}·x·y + ${coef0})^${degree}`,
    of(product) {
      const base = gamma * product + coef0;
      let power = base;
      for (let i = 1; i < degree; i++) power *= base;
      return power;
    },
  };
}

/** exp(-‖x - y‖² / 2σ²). */
export function gaussianKernel(sigma: number): Kernel {
  if (!(sigma > 0 && sigma < Infinity)) {
    throw new Error(`gaussianKernel: sigma must be positive and finite, got ${sigma}`);
  }
  const factor = -1 / (2 * sigma * sigma);
  return {
    name: `exp(-‖x - y‖²/2σ²), σ = ${sigma}`,
    of: (product, squaredA, squaredB) =>
      Math.exp(factor * Math.max(0, squaredA + squaredB - 2 * product)),
  };
}
