import { foldIn, split } from "@gen/tensor";
import type { Evaluator } from "../evaluator.ts";
import type { Sampler, SamplerState } from "../sampler.ts";
import { noisier } from "./noisier.ts";
import { checkFixedSteps, keyOf } from "./wrapped.ts";

/** A run of falling times: where it begins in the plan, and the sampler that follows it. */
interface Fall {
  readonly begin: number;
  readonly sampler: Sampler;
}

/**
 * A sampler whose times also jump back up: where they fall it is the one that `make` gives for them, where they rise
 * it adds the noise that the path adds. With `restartTimes` it is restart sampling, with `repaintTimes` and `inpaint`
 * it is RePaint. What a multistep sampler remembers ends at a jump.
 *
 * @param make a sampler from its falling times, such as `heun`
 * @param times beginning and ending with a fall
 * @throws if a time is repeated or below 0, or the plan begins or ends with a rise
 */
export function withJumps(
  make: (times: readonly number[]) => Sampler,
  times: readonly number[],
): Sampler {
  const plan = Object.freeze([...times]);
  const falls: Fall[] = [];
  let begin = 0;
  for (let i = 1; i <= plan.length; i++) {
    if (i < plan.length && !((plan[i] as number) > (plan[i - 1] as number))) continue;
    falls.push({ begin, sampler: make(plan.slice(begin, i)) });
    begin = i;
  }
  const first = falls[0] as Fall;
  const name = `withJumps(${first.sampler.name})`;
  checkFixedSteps(name, first.sampler);
  return Object.freeze({
    name,
    order: first.sampler.order,
    times: plan,
    step<X>(state: SamplerState<X>, evaluator: Evaluator<X>): SamplerState<X> {
      const { index, x } = state;
      const number = falls.findLastIndex((fall) => fall.begin <= index);
      const { begin: start, sampler } = falls[number] as Fall;
      const from = plan[index] as number;
      const to = plan[index + 1];
      if (to === undefined) {
        throw new Error(`${name}: step ${index} does not exist, the plan has ${plan.length - 1}`);
      }
      const runKey = state.key;
      if (to > from) {
        const key = () => foldIn(split(keyOf(name, state))[1], index);
        const noised = noisier(evaluator, x, from, to, key);
        return { index: index + 1, x: noised, ...(runKey && { key: runKey }) };
      }
      // Each fall draws its own noise, though it counts its steps from 0.
      const key = runKey && foldIn(split(runKey)[0], number);
      const after = sampler.step(
        { ...state, index: index - start, ...(key && { key }) },
        evaluator,
      );
      return { ...after, index: index + 1, ...(runKey && { key: runKey }) };
    },
  });
}
