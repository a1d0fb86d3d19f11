import { transition } from "@gen/probability/exact";
import type { Key } from "@gen/tensor";
import type { Evaluator } from "../evaluator.ts";

/**
 * x at a later time, by the noise that the path adds on the way (Ho et al. 2020, arXiv:2006.11239, eq. 2, for many
 * steps at once). The key is asked for only where there is noise to add.
 */
export function noisier<X>(
  evaluator: Evaluator<X>,
  x: X,
  from: number,
  to: number,
  key: () => Key,
): X {
  if (from === to) return x;
  const { scale, deviation } = transition(evaluator.path, from, to);
  return evaluator.combine([
    [scale, x],
    [deviation, evaluator.normal(x, key())],
  ]);
}
