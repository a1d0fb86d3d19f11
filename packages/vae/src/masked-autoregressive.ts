import {
  add,
  exp,
  type Key,
  mul,
  neg,
  oneHot,
  sub,
  sum,
  type Tensor,
  tensor,
  tidy,
  zerosLike,
  cast,
} from "@gen/tensor";
import { boundedLogScale } from "./affine-coupling.ts";
import type { Bijector, Transformed } from "./bijector.ts";
import { MaskedNetwork, type MaskedNetworkConfig } from "./masked-network.ts";

/**
 * Each number is scaled and shifted by what comes before it: z_i = (x_i − μ(x_<i))·exp(−α(x_<i)), log det = −Σ α
 * (Papamakarios et al. 2017, arXiv:1705.07057, eq. 3 and 4: MAF), by one pass of a masked network (MADE). The inverse
 * takes one pass for each feature. α is bounded smoothly by ±2. Starts as the identity.
 */
export class MaskedAutoregressive implements Bijector {
  readonly network: MaskedNetwork;
  readonly config: MaskedNetworkConfig;

  constructor(key: Key, config: MaskedNetworkConfig) {
    this.network = new MaskedNetwork("MaskedAutoregressive", key, config, 2);
    this.config = config;
  }

  forward(x: Tensor): Transformed {
    return tidy(() => {
      const [shift, logScale] = this.conditioned(x);
      return {
        value: mul(sub(x, shift), exp(neg(logScale))),
        logDeterminant: neg(sum(logScale, 1)),
      };
    });
  }

  inverse(z: Tensor): Transformed {
    return tidy(() => {
      const { features, order } = this.config;
      let x = zerosLike(z);
      for (let i = 0; i < features; i++) {
        const at = order === "given" ? i : features - 1 - i;
        const [shift, logScale] = this.conditioned(x);
        const column = cast(oneHot(tensor([at], [1], "int32"), features), "float32");
        const next = add(mul(z, exp(logScale)), shift);
        x = add(mul(x, sub(1, column)), mul(next, column));
      }
      const [, logScale] = this.conditioned(x);
      return { value: x, logDeterminant: sum(logScale, 1) };
    });
  }

  /** μ and α of each number, by what comes before it. */
  private conditioned(x: Tensor): [Tensor, Tensor] {
    const [shift, raw] = this.network.forward(x) as [Tensor, Tensor];
    return [shift, boundedLogScale(raw)];
  }
}
