import { cast, greater, mul, range, type Tensor, tensor } from "@gen/tensor";

// Far below any score, and finite: a row of -Infinity would be NaN.
const HIDDEN = -1e9;

/** [tokens, tokens]: 0 where the token of the row may see that of the column, itself and those before; else hidden. */
export function causalMask(tokens: number): Tensor {
  const mask = new Float32Array(tokens * tokens);
  for (let row = 0; row < tokens; row++) {
    mask.fill(HIDDEN, row * tokens + row + 1, (row + 1) * tokens);
  }
  return tensor(mask, [tokens, tokens]);
}

/** [slots]: 0 up to and with `slot`, int32 [], beyond it hidden. */
export function maskBeyond(slot: Tensor, slots: number): Tensor {
  return mul(cast(greater(range(0, slots, 1, "int32"), slot), "float32"), HIDDEN);
}
