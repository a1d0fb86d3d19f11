import {
  add,
  broadcastTo,
  matMul,
  mul,
  normal,
  reshape,
  square,
  sub,
  sum,
  tensor,
  tidy,
} from "@gen/tensor";
import { cholesky, type Matrix, solveLower } from "./exact/linear-algebra.ts";
import type { Distribution, Entropic, Moments } from "./distribution.ts";
import { asInput, expectEvents, type Parameter, shapeOf } from "./parameter.ts";
import type { Pathwise } from "./tractable.ts";

/**
 * One Gaussian N(loc, Σ) of vectors [d] with any covariance. Σ is plain numbers, factored on the host in float64; the
 * distribution is differentiable in x and in loc. For marginals, conditionals and Bayes' rule see the exact Gaussians.
 *
 * @param loc [d]
 * @param covariance [d][d], symmetric
 * @throws where the covariance is not symmetric and positive definite
 */
export function correlatedGaussian(
  loc: Parameter,
  covariance: Matrix,
): Distribution & Pathwise & Moments & Entropic {
  const name = "correlatedGaussian";
  const d = covariance.length;
  const shape = shapeOf(loc);
  if (shape.length !== 1 || shape[0] !== d || covariance.some((row) => row.length !== d)) {
    throw new Error(
      `${name}: loc must be [d] and covariance [d][d], got [${shape}] and rows of ` +
        `${covariance.map((row) => row.length).join(", ")} numbers`,
    );
  }
  const scale = Math.max(...covariance.flat().map(Math.abs));
  covariance.forEach((row, i) =>
    row.forEach((value, j) => {
      if (Math.abs(value - covariance[j]![i]!) > 1e-9 * scale) {
        throw new Error(
          `${name}: covariance must be symmetric, got ${value} at [${i}][${j}] and ${covariance[j]![i]} across`,
        );
      }
    }),
  );
  const lower = cholesky(covariance);
  if (!lower) {
    throw new Error(
      `${name}: covariance must be positive definite, got one that is not; add a little to its diagonal`,
    );
  }
  // Rows of the inverse factor transposed: z = L⁻¹(x − loc) for row vectors is (x − loc)·L⁻ᵀ.
  const whiten = new Float32Array(d * d);
  for (let j = 0; j < d; j++) {
    const column = new Float64Array(d);
    column[j] = 1;
    solveLower(lower, column);
    whiten.set(column, j * d);
  }
  const color = new Float32Array(d * d);
  for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) color[j * d + i] = lower[i * d + j]!;
  let logDeterminant = 0;
  for (let i = 0; i < d; i++) logDeterminant += 2 * Math.log(lower[i * d + i]!);
  const variances = covariance.map((row, i) => row[i]!);

  const shapes = { batchShape: [], eventShape: [d] };
  const m = asInput(loc);
  return {
    name,
    ...shapes,
    pathwise: true,
    logProb: (x) => {
      expectEvents(`${name}.logProb`, shapes, x);
      return tidy(() => {
        const z = matMul(reshape(sub(x, m), [-1, d]), tensor(whiten, [d, d]));
        const squared = reshape(sum(square(z), -1), x.shape.slice(0, -1));
        return mul(-0.5, add(squared, logDeterminant + d * Math.log(2 * Math.PI)));
      });
    },
    sample: (key, sampleShape = []) =>
      tidy(() => {
        const count = sampleShape.reduce((product, n) => product * n, 1);
        const z = matMul(normal(key, [count, d]), tensor(color, [d, d]));
        return add(m, reshape(z, [...sampleShape, d]));
      }),
    mean: () => tidy(() => broadcastTo(m, [d])),
    variance: () => tensor(variances),
    entropy: () => tidy(() => tensor(0.5 * (logDeterminant + d * Math.log(2 * Math.PI * Math.E)))),
  };
}
