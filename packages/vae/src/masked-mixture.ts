import { gaussian, type Mixture, mixture, type Gaussian } from "@gen/probability";
import {
  add,
  cast,
  exp,
  foldIn,
  type Key,
  mul,
  oneHot,
  reshape,
  stack,
  sub,
  sum,
  type Tensor,
  tensor,
  tidy,
  zeros,
} from "@gen/tensor";
import { MaskedNetwork, type MaskedNetworkConfig } from "./masked-network.ts";

export interface MaskedMixtureConfig extends MaskedNetworkConfig {
  /** How many Gaussians each conditional is a mixture of. */
  readonly components: number;
}

/** Where the means of the components start: evenly within ± this. */
const SPREAD = 2;

/**
 * p(x) = Π p(x_i | x_<i), each conditional a mixture of Gaussians whose weights, means and deviations come from one masked
 * network (Papamakarios et al. 2017, arXiv:1705.07057, section 4.1: MADE MoG). The density takes one pass, a draw one
 * for each feature. As the base of a flow it has the modes that no bijection can make of one. Starts as independent
 * mixtures whose means are spread out.
 */
export class MaskedMixture {
  readonly network: MaskedNetwork;
  readonly config: MaskedMixtureConfig;

  constructor(key: Key, config: MaskedMixtureConfig) {
    const { components } = config;
    if (!(Number.isInteger(components) && components >= 1)) {
      throw new Error(
        `MaskedMixture: components must be a whole number of 1 or more, got ${components}`,
      );
    }
    this.network = new MaskedNetwork("MaskedMixture", key, config, 3 * components);
    this.config = config;
  }

  /** log p(x) of each example [batch, features] in nats, [batch]. The caller disposes of it. */
  logProb(x: Tensor): Tensor {
    return tidy(() => sum(this.conditionals(x).logProb(x), 1));
  }

  /** Draws [...shape, features]: one without a shape. The caller disposes of them. */
  sample(key: Key, shape: readonly number[] = []): Tensor {
    const { features, order } = this.config;
    return tidy(() => {
      const count = shape.reduce((product, n) => product * n, 1);
      let x = zeros([count, features]);
      for (let i = 0; i < features; i++) {
        const at = order === "given" ? i : features - 1 - i;
        const column = cast(oneHot(tensor([at], [1], "int32"), features), "float32");
        const drawn = this.conditionals(x).sample(foldIn(key, i));
        x = add(mul(x, sub(1, column)), mul(drawn, column));
      }
      return reshape(x, [...shape, features]);
    });
  }

  /** Of each number given those before it: a batch [batch, features] of mixtures. */
  private conditionals(x: Tensor): Mixture<Gaussian> {
    const { components } = this.config;
    const all = this.network.forward(x);
    const part = (i: number): Tensor => stack(all.slice(i * components, (i + 1) * components), 2);
    // The components start side by side, each as wide as the way to the next.
    const gap = (2 * SPREAD) / components;
    const centres = Array.from({ length: components }, (_, i) => (i + 0.5) * gap - SPREAD);
    const means = add(part(1), tensor(centres));
    return mixture(part(0), gaussian(means, mul(exp(part(2)), gap)));
  }
}
