import type { Evaluator } from "../evaluator.ts";
import type { Sampler, SamplerState } from "../sampler.ts";

/**
 * DDIM run backwards, from data to the noise that it would be sampled from (Song et al. 2020, arXiv:2010.02502,
 * section 4.3): x_s = a(s)·x̂ + b(s)·ẑ with a later s. Order 1, one evaluation a step. Sampling from the result by
 * DDIM with many steps gives the data again.
 *
 * @param times rising; begin a little above 0 with a model that predicts the data
 * @throws if the times do not rise
 */
export function ddimInversion(times: readonly number[]): Sampler {
  const name = "ddimInversion";
  if (times.length < 2) {
    throw new Error(`${name}: times must hold at least 2 numbers (one step), got ${times.length}`);
  }
  times.forEach((t, i) => {
    const previous = times[i - 1] ?? -1;
    if (!(t > previous && (i > 0 || t >= 0))) {
      throw new Error(
        `${name}: times must rise from data to noise and not begin below 0, got ${t} at place ${i}`,
      );
    }
  });
  const plan = Object.freeze([...times]);
  return Object.freeze({
    name,
    order: 1,
    times: plan,
    step<X>(state: SamplerState<X>, evaluator: Evaluator<X>): SamplerState<X> {
      const { index, x } = state;
      const [from, to] = [plan[index], plan[index + 1]];
      if (from === undefined || to === undefined) {
        throw new Error(`${name}: step ${index} does not exist, the plan has ${plan.length - 1}`);
      }
      const { path } = evaluator;
      if (to > path.end) {
        throw new Error(`${name}: the path ${path.name} ends at t = ${path.end}, got a time ${to}`);
      }
      const scale = path.a(to) / path.a(from);
      const inverted = evaluator.combine([
        [scale, x],
        [path.b(to) - scale * path.b(from), evaluator.predict(x, from, "noise")],
      ]);
      return { ...state, index: index + 1, x: inverted };
    },
  });
}
