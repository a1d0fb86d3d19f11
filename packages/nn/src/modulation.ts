import { add, mul, type Tensor } from "@gen/tensor";

/** A scale and a shift per sample and channel: what is normalised becomes x·(1 + scale) + shift. */
export interface Modulation {
  /** [batch, channels] */
  scale: Tensor;
  /** [batch, channels] */
  shift: Tensor;
}

/** A weight, a bias and a modulation as one gain and one offset, each [channels] or [batch, channels]. */
export function gainAndOffset(
  weight: Tensor | undefined,
  bias: Tensor | undefined,
  modulation: Modulation | undefined,
): { gain: Tensor | undefined; offset: Tensor | undefined } {
  if (!modulation) return { gain: weight, offset: bias };
  const scale = add(modulation.scale, 1);
  return {
    gain: weight ? mul(weight, scale) : scale,
    offset: bias ? add(mul(bias, scale), modulation.shift) : modulation.shift,
  };
}
