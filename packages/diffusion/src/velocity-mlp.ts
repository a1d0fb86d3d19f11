import { FourierEmbedding, Linear, silu } from "@gen/nn";
import { concat, foldIn, type Key, reshape, type Tensor, tidy } from "@gen/tensor";
import { checkSize } from "./check-size.ts";
import type { Network } from "./network.ts";

export interface VelocityMLPConfig {
  /** Numbers of a point. Default 2. */
  readonly dims?: number;
  /** Features of a hidden layer. Default 64. */
  readonly width?: number;
  /** How many hidden layers. Default 3. */
  readonly depth?: number;
  /** Random Fourier features of time, an even number. Default 0: the time itself. */
  readonly fourierFeatures?: number;
}

/** A perceptron for points in the plane: the point and its time in, linear and silu `depth` times, linear out. */
export class VelocityMLP implements Network {
  readonly time: FourierEmbedding | undefined;
  readonly layers: Linear[];
  readonly dims: number;
  readonly classes = 0;

  constructor(key: Key, config: VelocityMLPConfig = {}) {
    const { dims = 2, width = 64, depth = 3, fourierFeatures = 0 } = config;
    this.time =
      fourierFeatures > 0
        ? new FourierEmbedding(foldIn(key, depth + 1), fourierFeatures, { scale: 1 })
        : undefined;
    const widths = [
      dims + (fourierFeatures || 1),
      ...Array.from({ length: depth }, () => width),
      dims,
    ];
    this.layers = widths
      .slice(1)
      .map((to, i) => new Linear(foldIn(key, i), widths[i] as number, to));
    this.dims = dims;
  }

  /** x [batch, dims], t float32 [batch] → [batch, dims]. The caller disposes of the result. */
  forward(x: Tensor, t: Tensor): Tensor {
    checkSize("VelocityMLP.forward", x, [this.dims]);
    return tidy(() => {
      const time = this.time?.forward(t) ?? reshape(t, [-1, 1]);
      return this.layers.reduce(
        (h, layer, i) => layer.forward(i === 0 ? h : silu(h)),
        concat([x, time], 1),
      );
    });
  }
}
