import { cast, greater, mul, range, type Tensor } from "@gen/tensor";

// Far below any score, and finite: a row of -Infinity would be NaN.
const HIDDEN = -1e9;

/** [slots]: 0 up to and with `slot`, int32 [], beyond it hidden. */
export function maskBeyond(slot: Tensor, slots: number): Tensor {
  return mul(cast(greater(range(0, slots, 1, "int32"), slot), "float32"), HIDDEN);
}
