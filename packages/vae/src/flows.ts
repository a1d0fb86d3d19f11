import { foldIn, type Key } from "@gen/tensor";
import { ActNorm } from "./act-norm.ts";
import { AffineCoupling } from "./affine-coupling.ts";
import { MaskedAutoregressive } from "./masked-autoregressive.ts";
import { MaskedMixture } from "./masked-mixture.ts";
import type { MaskedNetworkConfig } from "./masked-network.ts";
import { type FlowBase, NormalizingFlow } from "./normalizing-flow.ts";
import { TrainableMixture } from "./trainable-mixture.ts";

export interface FlowConfig {
  readonly features: number;
  /** How many bijections, each with an `ActNorm` before it. Default 8. */
  readonly layers?: number;
  /** Features of the hidden layers of each one's network. Default [64, 64]. */
  readonly hidden?: readonly number[];
  /** Gaussians in the base, which is learned then. Default none: the base is N(0, I). */
  readonly components?: number | undefined;
}

/**
 * RealNVP (Dinh et al. 2017, arXiv:1605.08803): couplings that take turns in which half they keep. With `components`, on
 * a `TrainableMixture`.
 */
export function realNVP(key: Key, config: FlowConfig): NormalizingFlow {
  const { features, layers = 8, hidden = [64, 64], components } = config;
  return stacked(
    "realNVP",
    config,
    (i) => [
      new ActNorm(features),
      new AffineCoupling(foldIn(key, i), {
        features,
        hidden,
        keeps: i % 2 === 0 ? "first" : "second",
      }),
    ],
    components === undefined
      ? undefined
      : new TrainableMixture(foldIn(key, layers), { features, components }),
  );
}

/**
 * A masked autoregressive flow (Papamakarios et al. 2017, arXiv:1705.07057): the order is reversed at every layer. With
 * `components`, on a `MaskedMixture`: the paper's MAF MoG.
 */
export function maskedAutoregressiveFlow(key: Key, config: FlowConfig): NormalizingFlow {
  const { features, layers = 8, hidden = [64, 64], components } = config;
  const network = (i: number): MaskedNetworkConfig => ({
    features,
    hidden,
    order: i % 2 === 0 ? "given" : "reversed",
  });
  return stacked(
    "maskedAutoregressiveFlow",
    config,
    (i) => [new ActNorm(features), new MaskedAutoregressive(foldIn(key, i), network(i))],
    components === undefined
      ? undefined
      : new MaskedMixture(foldIn(key, layers), { ...network(layers), components }),
  );
}

function stacked(
  name: string,
  { features, layers = 8 }: FlowConfig,
  layer: (i: number) => NormalizingFlow["layers"],
  base?: FlowBase,
): NormalizingFlow {
  if (!(Number.isInteger(layers) && layers > 0)) {
    throw new Error(`${name}: layers must be a whole number above 0, got ${layers}`);
  }
  const all = Array.from({ length: layers }, (_, i) => layer(i)).flat();
  return new NormalizingFlow(features, all, base);
}
