import { init, MaskedLinear, silu } from "@gen/nn";
import {
  add,
  exp,
  foldIn,
  type Key,
  mul,
  neg,
  oneHot,
  splitTensor,
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

export interface MaskedAutoregressiveConfig {
  readonly features: number;
  /** Features of the hidden layers of the masked network. */
  readonly hidden: readonly number[];
  /** Which feature comes first. "reversed" in every other layer lets each see each. */
  readonly order: "given" | "reversed";
}

/**
 * Each number is scaled and shifted by what comes before it: z_i = (x_i − μ(x_<i))·exp(−α(x_<i)), log det = −Σ α
 * (Papamakarios et al. 2017, arXiv:1705.07057, eq. 3 and 4: MAF), by one pass of a masked network (MADE). The inverse
 * takes one pass for each feature. α is bounded smoothly by ±2. Starts as the identity.
 */
export class MaskedAutoregressive implements Bijector {
  readonly layers: MaskedLinear[];
  readonly config: MaskedAutoregressiveConfig;

  constructor(key: Key, config: MaskedAutoregressiveConfig) {
    const { features, hidden, order } = config;
    if (!(Number.isInteger(features) && features >= 1)) {
      throw new Error(
        `MaskedAutoregressive: features must be a whole number of 1 or more, got ${features}`,
      );
    }
    const given = Array.from({ length: features }, (_, i) => i + 1);
    const inputs = order === "given" ? given : given.toReversed();
    // Degrees of hidden units go round 1 … features − 1, so that every one of them matters to some output.
    const degrees = hidden.map((width) =>
      Array.from({ length: width }, (_, i) => 1 + (i % Math.max(features - 1, 1))),
    );
    const levels = [inputs, ...degrees];
    this.layers = [
      ...degrees.map(
        (to, i) => new MaskedLinear(foldIn(key, i), levels[i] as number[], to, { strict: false }),
      ),
      new MaskedLinear(
        foldIn(key, hidden.length),
        levels.at(-1) as number[],
        [...inputs, ...inputs],
        { strict: true, init: init.zeros },
      ),
    ];
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
    const out = this.layers.reduce((h, layer, i) => layer.forward(i === 0 ? h : silu(h)), x);
    const [shift, raw] = splitTensor(out, 2, 1) as [Tensor, Tensor];
    return [shift, boundedLogScale(raw)];
  }
}
