import { add, foldIn, mul, split, sub, type Tensor } from "@gen/tensor";
import type { SamplerState } from "../sampler.ts";
import type { TensorEvaluator } from "../tensor-evaluator.ts";
import type { TensorSampler } from "../tensor-sampler.ts";
import { checkFixedSteps, keyOf } from "./wrapped.ts";

export interface Known {
  /** Data whose known part is to stay: of the shape of x, or one for all, [1, …]. Stays the caller's. */
  readonly data: Tensor;
  /** 1 where the data are known and 0 where they are to be made; broadcasts to x. Stays the caller's. */
  readonly mask: Tensor;
}

/**
 * Inpainting by replacement: after each falling step the known part of x is replaced by the data with the noise of the
 * time arrived at (Song et al. 2021, arXiv:2011.13456, appendix I.2). What is made fits what is known better when
 * steps are gone again: `inpaint(withJumps(ddpm, repaintTimes(times)), known)` is RePaint (Lugmayr et al. 2022,
 * arXiv:2201.09865, algorithm 1).
 *
 * @param sampler any with fixed steps
 */
export function inpaint(sampler: TensorSampler, { data, mask }: Known): TensorSampler {
  const name = `inpaint(${sampler.name})`;
  checkFixedSteps(name, sampler);
  return Object.freeze({
    ...sampler,
    name,
    step(state: SamplerState<Tensor>, evaluator: TensorEvaluator): SamplerState<Tensor> {
      const runKey = keyOf(name, state);
      const [moving, replacing] = split(runKey);
      const moved = sampler.step({ ...state, key: moving }, evaluator);
      const [from, to] = [sampler.times[state.index], sampler.times[moved.index]] as [
        number,
        number,
      ];
      for (const [what, { shape }] of Object.entries({ data, mask }))
        checkFits(name, what, shape, moved.x.shape);
      if (to > from) return { ...moved, key: runKey };
      const { path } = evaluator;
      const noise = evaluator.normal(moved.x, foldIn(replacing, state.index));
      const known = evaluator.combine([
        [path.a(to), data],
        [path.b(to), noise],
      ]);
      const x = add(mul(mask, known), mul(sub(1, mask), moved.x)) as Tensor;
      return { ...moved, x, key: runKey };
    },
  });
}

/** @throws unless one shape broadcasts to the other. */
function checkFits(
  name: string,
  what: string,
  given: readonly number[],
  x: readonly number[],
): void {
  const offset = x.length - given.length;
  if (offset >= 0 && given.every((n, i) => n === 1 || n === x[offset + i])) return;
  throw new Error(
    `${name}: ${what} must broadcast to the shape of x, [${x.join(", ")}], got [${given.join(", ")}]`,
  );
}
