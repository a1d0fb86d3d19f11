import { init, Linear, silu } from "@gen/nn";
import {
  concat,
  add,
  div,
  exp,
  foldIn,
  type Key,
  mul,
  neg,
  splitTensor,
  sub,
  sum,
  tanh,
  type Tensor,
  tidy,
} from "@gen/tensor";
import type { Bijector, Transformed } from "./bijector.ts";

/** Scales stay within e^±this, so that no early step overflows. */
export const LOG_SCALE_LIMIT = 2;

export interface AffineCouplingConfig {
  readonly features: number;
  /** Features of the hidden layers of the network that gives scale and shift. */
  readonly hidden: readonly number[];
  /** Which part stays, and decides what becomes of the other. */
  readonly keeps: "first" | "second";
}

/**
 * Half of a vector scales and shifts the other half: y₂ = x₂·exp(s(x₁)) + t(x₁), log det = Σ s (Dinh et al. 2017,
 * arXiv:1605.08803, eq. 7 and 8: RealNVP). s is bounded smoothly by ±2. Starts as the identity.
 */
export class AffineCoupling implements Bijector {
  readonly layers: Linear[];
  readonly config: AffineCouplingConfig;
  /** Lengths of the first and the second part. */
  readonly sizes: readonly [number, number];

  constructor(key: Key, config: AffineCouplingConfig) {
    const { features, hidden, keeps } = config;
    if (!(Number.isInteger(features) && features >= 2)) {
      throw new Error(
        `AffineCoupling: features must be a whole number of 2 or more, got ${features}`,
      );
    }
    const first = Math.ceil(features / 2);
    const [kept, moved] = keeps === "first" ? [first, features - first] : [features - first, first];
    const widths = [kept, ...hidden];
    this.layers = [
      ...hidden.map((to, i) => new Linear(foldIn(key, i), widths[i] as number, to)),
      new Linear(foldIn(key, hidden.length), widths.at(-1) as number, 2 * moved, {
        init: init.zeros,
      }),
    ];
    this.config = config;
    this.sizes = [first, features - first];
  }

  forward(x: Tensor): Transformed {
    return this.apply(x, (moved, logScale, shift) => ({
      value: add(mul(moved, exp(logScale)), shift),
      logDeterminant: sum(logScale, 1),
    }));
  }

  inverse(z: Tensor): Transformed {
    return this.apply(z, (moved, logScale, shift) => ({
      value: mul(sub(moved, shift), exp(neg(logScale))),
      logDeterminant: neg(sum(logScale, 1)),
    }));
  }

  private apply(
    x: Tensor,
    move: (moved: Tensor, logScale: Tensor, shift: Tensor) => Transformed,
  ): Transformed {
    return tidy(() => {
      const parts = splitTensor(x, [...this.sizes], 1) as [Tensor, Tensor];
      const [kept, moved] =
        this.config.keeps === "first" ? parts : (parts.toReversed() as [Tensor, Tensor]);
      const out = this.layers.reduce((h, layer, i) => layer.forward(i === 0 ? h : silu(h)), kept);
      const [raw, shift] = splitTensor(out, 2, 1) as [Tensor, Tensor];
      const { value, logDeterminant } = move(moved, boundedLogScale(raw), shift);
      const joined = this.config.keeps === "first" ? [kept, value] : [value, kept];
      return { value: concat(joined, 1), logDeterminant };
    });
  }
}

/** Smoothly within ±`LOG_SCALE_LIMIT`, and as given near 0. */
export function boundedLogScale(raw: Tensor): Tensor {
  return mul(tanh(div(raw, LOG_SCALE_LIMIT)), LOG_SCALE_LIMIT);
}
