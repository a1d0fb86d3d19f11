import { type Density, diagonalGaussian, type Samples } from "@gen/probability";
import { add, type Key, mean, mul, reshape, sum, type Tensor, tidy } from "@gen/tensor";
import type { Bijector, Transformed } from "./bijector.ts";

/** A density of vectors: log p of [batch, features] is [batch], draws are [...shape, features]. */
export type FlowBase = Density & Samples;

/**
 * A density by change of variables: log p(x) = log p₀(f(x)) + log |det ∂f/∂x| (Dinh et al. 2017, arXiv:1605.08803,
 * eq. 2), f the layers one after the other, p₀ the base. Exact, and sampled by the inverse.
 */
export class NormalizingFlow {
  readonly features: number;
  readonly layers: readonly Bijector[];
  readonly base: FlowBase;

  /** @param base what the layers make of the data. Default N(0, I) */
  constructor(
    features: number,
    layers: readonly Bijector[],
    base: FlowBase = diagonalGaussian(new Array<number>(features).fill(0), 1),
  ) {
    this.features = features;
    this.layers = layers;
    this.base = base;
  }

  /** x [batch, features] to noise. The caller disposes of both tensors. */
  forward(x: Tensor): Transformed {
    this.check("forward", x);
    return follow(
      this.layers.map((layer) => (y) => layer.forward(y)),
      x,
    );
  }

  /** Noise [batch, features] to data. The caller disposes of both tensors. */
  inverse(z: Tensor): Transformed {
    this.check("inverse", z);
    return follow(
      this.layers.toReversed().map((layer) => (y) => layer.inverse(y)),
      z,
    );
  }

  /** log p(x) of each example in nats, [batch]. The caller disposes of it. */
  logProb(x: Tensor): Tensor {
    return tidy(() => {
      const { value, logDeterminant } = this.forward(x);
      return add(this.base.logProb(value), logDeterminant);
    });
  }

  /** Draws [...shape, features]: one without a shape. The caller disposes of them. */
  sample(key: Key, shape: readonly number[] = []): Tensor {
    return tidy(() => {
      const count = shape.reduce((product, n) => product * n, 1);
      const { value } = this.inverse(this.base.sample(key, [count]));
      return reshape(value, [...shape, this.features]);
    });
  }

  /** Starts the layers that start from data, such as `ActNorm`: once, before training. */
  start(x: Tensor): void {
    tidy(() => {
      let y = x;
      for (const layer of this.layers) {
        layer.start?.(y);
        y = layer.forward(y).value;
      }
    });
  }

  private check(method: string, x: Tensor): void {
    if (x.rank === 2 && x.shape[1] === this.features) return;
    throw new Error(
      `NormalizingFlow.${method}: x must be [batch, ${this.features}], got [${x.shape.join(", ")}]`,
    );
  }
}

function follow(steps: readonly ((y: Tensor) => Transformed)[], x: Tensor): Transformed {
  return tidy(() => {
    let value = mul(x, 1);
    let logDeterminant = mul(sum(x, 1), 0);
    for (const step of steps) {
      const next = step(value);
      value = next.value;
      logDeterminant = add(logDeterminant, next.logDeterminant);
    }
    return { value, logDeterminant };
  });
}

export interface FlowLossOptions {
  readonly model: NormalizingFlow;
  /** Data [batch, features]. */
  readonly images: Tensor;
}

/**
 * −log p(x) in nats, a mean over the batch: maximum likelihood, for `trainStep` of `@gen/train`.
 *
 * @returns the caller disposes of it
 */
export function flowLoss({ model, images }: FlowLossOptions): Record<"loss", Tensor> {
  return tidy(() => ({ loss: mul(mean(model.logProb(images)), -1) }));
}
