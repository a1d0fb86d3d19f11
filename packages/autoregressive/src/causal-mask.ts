import { cast, greater, mul, type Tensor, tensor } from "@gen/tensor";

// Far below any score, and finite: a row of -Infinity would be NaN.
const HIDDEN = -1e9;

/** [tokens, tokens]: 0 where the token of the row may see that of the column, itself and those before; else hidden. */
export function causalMask(tokens: number): Tensor {
  const mask = new Float32Array(tokens * tokens);
  for (let row = 0; row < tokens; row++)
    mask.fill(HIDDEN, row * tokens + row + 1, (row + 1) * tokens);
  return tensor(mask, [tokens, tokens]);
}

/** [1, tokens]: 0 up to and with `position` (int32, a scalar), beyond it hidden. */
export function maskBeyond(position: Tensor, positions: Tensor): Tensor {
  return mul(cast(greater(positions, position), "float32"), HIDDEN);
}
