import { Linear, silu } from "@gen/nn";
import { foldIn, type Key, reshape, type Tensor, tidy } from "@gen/tensor";
import type { Part } from "./part.ts";

export interface DenseNetworkConfig {
  /** Of one example, such as [28, 28, 1] or [2]. */
  readonly inShape: readonly number[];
  readonly outShape: readonly number[];
  /** Features of each hidden layer. Default none: one linear map. */
  readonly hidden?: readonly number[] | undefined;
}

/** Linear layers with silu between them, from examples of one shape to examples of another. */
export class DenseNetwork implements Part {
  readonly layers: Linear[];
  readonly config: DenseNetworkConfig;

  constructor(key: Key, config: DenseNetworkConfig) {
    const { inShape, outShape, hidden = [] } = config;
    const sizes = [sizeOf(inShape), ...hidden, sizeOf(outShape)];
    this.layers = sizes.slice(1).map((to, i) => new Linear(foldIn(key, i), sizes[i] as number, to));
    this.config = config;
  }

  /** x [batch, …inShape] → [batch, …outShape]. The caller disposes of the result. */
  forward(x: Tensor): Tensor {
    const { inShape, outShape } = this.config;
    if (`${x.shape.slice(1)}` !== `${inShape}`) {
      throw new Error(
        `DenseNetwork.forward: x must be [batch, ${inShape.join(", ")}], got [${x.shape.join(", ")}]`,
      );
    }
    return tidy(() => {
      const flat = reshape(x, [-1, sizeOf(inShape)]);
      const out = this.layers.reduce((h, layer, i) => layer.forward(i === 0 ? h : silu(h)), flat);
      return reshape(out, [-1, ...outShape]);
    });
  }
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, n) => size * n, 1);
