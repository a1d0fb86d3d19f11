import { foldIn, type Key } from "@gen/tensor";
import { ActNorm } from "./act-norm.ts";
import { AffineCoupling } from "./affine-coupling.ts";
import { MaskedAutoregressive } from "./masked-autoregressive.ts";
import { NormalizingFlow } from "./normalizing-flow.ts";

export interface FlowConfig {
  readonly features: number;
  /** How many bijections, each with an `ActNorm` before it. Default 8. */
  readonly layers?: number;
  /** Features of the hidden layers of each one's network. Default [64, 64]. */
  readonly hidden?: readonly number[];
}

/** RealNVP (Dinh et al. 2017, arXiv:1605.08803): couplings that take turns in which half they keep. */
export function realNVP(key: Key, config: FlowConfig): NormalizingFlow {
  const { features, hidden = [64, 64] } = config;
  return stacked("realNVP", config, (i) => [
    new ActNorm(features),
    new AffineCoupling(foldIn(key, i), {
      features,
      hidden,
      keeps: i % 2 === 0 ? "first" : "second",
    }),
  ]);
}

/** A masked autoregressive flow (Papamakarios et al. 2017, arXiv:1705.07057): the order is reversed at every layer. */
export function maskedAutoregressiveFlow(key: Key, config: FlowConfig): NormalizingFlow {
  const { features, hidden = [64, 64] } = config;
  return stacked("maskedAutoregressiveFlow", config, (i) => [
    new ActNorm(features),
    new MaskedAutoregressive(foldIn(key, i), {
      features,
      hidden,
      order: i % 2 === 0 ? "given" : "reversed",
    }),
  ]);
}

function stacked(
  name: string,
  { features, layers = 8 }: FlowConfig,
  layer: (i: number) => NormalizingFlow["layers"],
): NormalizingFlow {
  if (!(Number.isInteger(layers) && layers > 0)) {
    throw new Error(`${name}: layers must be a whole number above 0, got ${layers}`);
  }
  return new NormalizingFlow(features, Array.from({ length: layers }, (_, i) => layer(i)).flat());
}
