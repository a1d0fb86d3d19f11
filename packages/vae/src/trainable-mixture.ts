import { parameter } from "@gen/nn";
import {
  diagonalGaussian,
  type Gaussian,
  type Independent,
  type Mixture,
  mixture,
} from "@gen/probability";
import { exp, type Key, normalArray, type Tensor, tidy, type Variable } from "@gen/tensor";

export interface TrainableMixtureConfig {
  readonly features: number;
  /** How many Gaussians. */
  readonly components: number;
}

/**
 * A mixture of diagonal Gaussians whose weights, means and deviations are learned by gradient. As the base of a flow it
 * has the modes that no bijection can make of one. Starts with equal weights, means drawn from N(0, I), and deviations
 * components^(−1/features): wide ones would all learn the same.
 */
export class TrainableMixture {
  /** [components]. */
  readonly logits: Variable;
  /** [components, features]. */
  readonly means: Variable;
  /** [components, features]. */
  readonly log_scales: Variable;

  constructor(key: Key, { features, components }: TrainableMixtureConfig) {
    for (const [name, value] of Object.entries({ features, components })) {
      if (Number.isInteger(value) && value >= 1) continue;
      throw new Error(
        `TrainableMixture: ${name} must be a whole number of 1 or more, got ${value}`,
      );
    }
    const shape = [components, features];
    this.logits = parameter(new Float32Array(components), [components]);
    this.means = parameter(normalArray(key, components * features), shape);
    const narrow = -Math.log(components) / features;
    this.log_scales = parameter(new Float32Array(components * features).fill(narrow), shape);
  }

  /** log p(x) of each example [batch, features] in nats, [batch]. The caller disposes of it. */
  logProb(x: Tensor): Tensor {
    return tidy(() => this.distribution().logProb(x));
  }

  /** Draws [...shape, features]: one without a shape. The caller disposes of them. */
  sample(key: Key, shape: readonly number[] = []): Tensor {
    return tidy(() => this.distribution().sample(key, shape));
  }

  private distribution(): Mixture<Independent<Gaussian>> {
    return mixture(this.logits, diagonalGaussian(this.means, exp(this.log_scales)));
  }
}
