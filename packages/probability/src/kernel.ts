import {
  add,
  addN,
  div,
  exp,
  matMul,
  maximum,
  mul,
  pow,
  square,
  sub,
  sum,
  type Tensor,
  tidy,
} from "@gen/tensor";

/** A positive definite kernel: x [n, d] and y [m, d] give k(x_i, y_j), [n, m], which is the caller's to dispose of. */
export type Kernel = (x: Tensor, y: Tensor) => Tensor;

/**
 * Σ exp(−‖x − y‖² / 2h²) over bandwidths h. Several scales at once spare the choice of one (Li et al. 2015,
 * arXiv:1502.02761).
 */
export function rbfKernel(bandwidths: readonly number[]): Kernel {
  expectScales("rbfKernel", "bandwidths", bandwidths);
  return (x, y) =>
    tidy(() => {
      const distances = squaredDistances(x, y);
      return addN(bandwidths.map((h) => exp(mul(distances, -1 / (2 * h * h)))));
    });
}

/**
 * Σ C / (C + ‖x − y‖²) over scales C: heavy tails, so that far points still pull. With C = 2dσ² it is the kernel of
 * Wasserstein auto-encoders (Tolstikhin et al. 2018, arXiv:1711.01558).
 */
export function inverseMultiquadraticKernel(scales: readonly number[]): Kernel {
  expectScales("inverseMultiquadraticKernel", "scales", scales);
  return (x, y) =>
    tidy(() => {
      const distances = squaredDistances(x, y);
      return addN(scales.map((c) => div(c, add(distances, c))));
    });
}

export interface PolynomialKernelOptions {
  /** Default 3, as the Kernel Inception Distance (Bińkowski et al. 2018, arXiv:1801.01401). */
  degree?: number;
  /** What the inner product is multiplied by. Default 1/d. */
  scale?: number;
  /** Default 1. */
  offset?: number;
}

/** (scale·⟨x, y⟩ + offset)^degree. */
export function polynomialKernel({
  degree = 3,
  scale,
  offset = 1,
}: PolynomialKernelOptions = {}): Kernel {
  if (!(Number.isInteger(degree) && degree >= 1)) {
    throw new Error(`polynomialKernel: degree must be an integer of 1 or more, got ${degree}`);
  }
  return (x, y) =>
    tidy(() => {
      const products = mul(matMul(x, y, false, true), scale ?? 1 / (x.shape[1] as number));
      return pow(add(products, offset), degree);
    });
}

/** ‖x_i − y_j‖², [n, m]. */
function squaredDistances(x: Tensor, y: Tensor): Tensor {
  const cross = matMul(x, y, false, true);
  const [xx, yy] = [sum(square(x), 1, true), sum(square(y), 1)];
  return maximum(sub(add(xx, yy), mul(2, cross)), 0);
}

function expectScales(what: string, name: string, scales: readonly number[]): void {
  if (scales.length === 0 || !scales.every((h) => h > 0 && h < Infinity)) {
    throw new Error(`${what}: ${name} must be numbers above 0, at least one, got [${scales}]`);
  }
}
