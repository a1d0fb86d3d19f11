import { defineSampler, drawKey } from "../define-sampler.ts";
import { noisier } from "../editing/noisier.ts";
import type { Sampler } from "../sampler.ts";

/**
 * Sampling of a consistency model, whose prediction of the data is where the flow through x_t ends: one evaluation a
 * step, predict and add noise again (Song et al. 2023, arXiv:2303.01469, algorithm 1). Two times make it one-step
 * generation. It samples latent consistency models too (LCM: Luo et al. 2023, arXiv:2310.04378, algorithm 3), and takes
 * the denoiser for what it says: a model trained by plain diffusion gives blurred means. More steps add no order of
 * convergence.
 *
 * @param times falling; the last is where the consistency function ends, 0.002 in the paper and 0 in LCM. Noise of a
 *   step is what the path adds from there: √(t² - 0.002²) on `edm()`
 */
export function consistency(times: readonly number[]): Sampler {
  const last = times.at(-1) as number;
  return defineSampler("consistency", 0, times, (step) => {
    const { evaluator, x, from, to } = step;
    const data = evaluator.predict(x, from, "data");
    return { x: noisier(evaluator, data, last, to, () => drawKey(step)) };
  });
}
