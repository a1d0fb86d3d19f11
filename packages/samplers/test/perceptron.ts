import { type Path, type Prediction } from "@gen/schedules";
import {
  add,
  concat,
  key,
  matMul,
  mul,
  normal,
  reshape,
  sigmoid,
  type Tensor,
  tidy,
  dispose,
} from "@gen/tensor";
import type { Denoiser } from "../src/index.ts";

/** A small network with weights of no meaning, made of tensor operations only. */
export function perceptron(
  path: Path,
  prediction: Prediction,
  width = 16,
  depth = 2,
): Denoiser & { dispose(): void } {
  const sizes = [3, ...Array<number>(depth).fill(width), 2];
  const weights = sizes
    .slice(1)
    .map((to, i) =>
      tidy(() => mul(normal(key(i), [sizes[i] as number, to]), 1 / Math.sqrt(sizes[i] as number))),
    );
  const forward = (x: Tensor, t: Tensor): Tensor =>
    weights.reduce(
      (h, w, i) => matMul(i === 0 ? h : mul(h, sigmoid(h)), w),
      concat([x, reshape(t, [-1, 1])], 1),
    );
  return {
    path,
    prediction,
    predict: (x, t) => tidy(() => forward(x, t)),
    predictWithVariance: (x, t) => ({
      prediction: tidy(() => forward(x, t)),
      variance: tidy(() => sigmoid(add(forward(x, t), 1))),
    }),
    dispose: () => dispose(weights),
  };
}
