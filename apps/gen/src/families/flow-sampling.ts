import type { NetworkDenoiser } from "@gen/diffusion";
import { foldIn, normalArray } from "@gen/random";
import { classifierFree, euler, heun, type Sampler, trajectory } from "@gen/samplers";
import { uniformGrid } from "@gen/schedules";
import { tensor } from "@gen/tensor";
import { type Examples, sizeOf } from "../examples.ts";
import type { SamplePlan } from "../family.ts";
import { drawInBatches, usualBatch } from "../sample-batches.ts";
import { guidanceSetting, type ValuesOf, wholeSetting, wordSetting } from "../settings.ts";

export const solvers: Record<"heun" | "euler", (times: readonly number[]) => Sampler> = {
  heun,
  euler,
};

/** How a flow's samples are drawn. */
export const flowSettings = {
  steps: wholeSetting("Steps of the solver", { low: 1, high: 100_000, fallback: 25 }),
  solver: wordSetting("How the flow's equation is solved", ["heun", "euler"], "heun"),
  guidanceScale: guidanceSetting("Strength of classifier-free guidance, v0 + s (v - v0)", 2),
};

export type FlowSettings = ValuesOf<typeof flowSettings>;

/** Told of x after each step of a batch, and of the noise before it (step 0): for pictures of the way. */
export type OnStep = (event: {
  step: number;
  first: number;
  count: number;
  x: Float32Array;
}) => void;

/** A denoiser whose label has the say that is wanted. */
export function guidedDenoiser(
  denoiser: NetworkDenoiser,
  { classes }: Examples,
  guidanceScale: number,
): NetworkDenoiser | ReturnType<typeof classifierFree> {
  return classes > 0 ? classifierFree(denoiser, { scale: guidanceScale }) : denoiser;
}

/** Draws samples; each begins with noise of its own. */
export function drawFlow(
  denoiser: NetworkDenoiser,
  examples: Examples,
  plan: SamplePlan<FlowSettings>,
  onStep?: OnStep,
): Promise<Float32Array> {
  const { steps, solver, guidanceScale } = plan.settings;
  const guided = guidedDenoiser(denoiser, examples, guidanceScale);
  const sampler = solvers[solver](uniformGrid(steps));
  const size = sizeOf(examples);
  const batch = Math.min(usualBatch(examples), plan.labels.length);
  return drawInBatches(plan, examples, batch, async ({ first, count, labels, progress }) => {
    const numbers = new Float32Array(batch * size);
    for (let i = 0; i < count; i++)
      numbers.set(normalArray(foldIn(plan.key, first + i), size), i * size);
    onStep?.({ step: 0, first, count, x: numbers.slice(0, count * size) });
    const noise = tensor(numbers, [batch, ...examples.shape]);
    let last: Float32Array = numbers;
    try {
      for await (const { index, x } of trajectory({
        denoiser: guided,
        sampler,
        noise,
        ...(labels && { condition: labels }),
        ...(plan.signal && { signal: plan.signal }),
      })) {
        progress(index / steps);
        if (index < steps && !onStep) continue;
        last = (await x.data()) as Float32Array;
        onStep?.({ step: index, first, count, x: last.slice(0, count * size) });
      }
    } finally {
      noise.dispose();
    }
    return last;
  });
}
