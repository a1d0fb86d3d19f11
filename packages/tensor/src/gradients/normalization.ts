import {
  add,
  type GradConfig,
  mul,
  neg,
  pow,
  rsqrt,
  square,
  sub,
  type Tensor,
} from "@tensorflow/tfjs-core";
import { sumTo } from "./broadcast.ts";
import { gradient } from "./define.ts";
import { linearAlong } from "./linear-along.ts";

interface Response {
  depthRadius: number;
  bias: number;
  alpha: number;
  beta: number;
}

export const normalizationGradients: readonly GradConfig[] = [
  // y = scale (x - mean) / sqrt(variance + ε) + offset. TensorFlow.js cannot differentiate it without a scale.
  gradient<"x" | "mean" | "variance" | "scale", { varianceEpsilon: number }>(
    "FusedBatchNorm",
    ["x", "mean", "variance", "scale"],
    (dy, { x, mean, variance, scale }, { varianceEpsilon }) => {
      const inverse = (): Tensor => rsqrt(add(variance, varianceEpsilon));
      const byX = (): Tensor => mul(dy, mul(scale, inverse()));
      return {
        x: byX,
        mean: () => neg(sumTo(byX(), mean.shape)),
        variance: () => {
          const factor = mul(mul(scale, pow(inverse(), 3)), -0.5);
          return sumTo(mul(mul(dy, sub(x, mean)), factor), variance.shape);
        },
        scale: () => sumTo(mul(mul(dy, sub(x, mean)), inverse()), scale.shape),
        offset: () => sumTo(mul(dy, 1), scale.shape),
      };
    },
  ),
  // y = x s^-β with s = bias + α Σ x² over neighbouring channels; the sum is its own transpose.
  gradient<"x", Response>("LRN", ["x"], (dy, { x }, { depthRadius, bias, alpha, beta }) => ({
    x: () => {
      const channels = x.shape[3] as number;
      const band = Float32Array.from({ length: channels * channels }, (_, i) =>
        Number(Math.abs(Math.floor(i / channels) - (i % channels)) <= depthRadius),
      );
      const around = (t: Tensor): Tensor => linearAlong(t, 3, band, channels);
      const s = add(mul(around(square(x)), alpha), bias);
      const shared = around(mul(mul(dy, x), pow(s, -beta - 1)));
      return sub(mul(dy, pow(s, -beta)), mul(mul(x, shared), 2 * alpha * beta));
    },
  })),
];
