import type { NetworkDenoiser } from "@gen/diffusion";
import { foldIn, type Key, normalArray } from "@gen/random";
import { classifierFree, euler, heun, type Sampler, trajectory } from "@gen/samplers";
import { uniformGrid } from "@gen/schedules";
import { tensor } from "@gen/tensor";
import { type Examples, sizeOf } from "./examples.ts";
import { misuse } from "./failure.ts";

export const solvers: Record<"heun" | "euler", (times: readonly number[]) => Sampler> = {
  heun,
  euler,
};

export interface SamplePlan {
  /** One sample for each; ignored by a model without classes. */
  labels: Int32Array;
  steps: number;
  solver: keyof typeof solvers;
  /** v_∅ + scale·(v_y - v_∅): 1 is no guidance. */
  guidanceScale: number;
  key: Key;
  /** At most so many at once. Default 100. */
  batchSize?: number;
  signal?: AbortSignal | undefined;
  /** Told after each step of each batch: how many of all evaluations' worth of samples are done. */
  onProgress?: (done: number, total: number) => void;
  /** Told of x after each step of a batch, and of the noise before it (step 0): for pictures of the way. */
  onStep?: (event: { step: number; first: number; count: number; x: Float32Array }) => void;
}

/**
 * Draws samples batch by batch. Each depends on its own number, its label and the key alone, not on how many are drawn.
 *
 * @returns the numbers of all samples, one after another
 */
export async function drawSamples(
  denoiser: NetworkDenoiser,
  examples: Examples,
  plan: SamplePlan,
): Promise<Float32Array> {
  const { labels, steps, guidanceScale, key, batchSize = 100, signal } = plan;
  const conditional = examples.classes > 0;
  if (!conditional && guidanceScale !== 1) {
    throw misuse(
      `guidance needs labels, and this model was trained without; leave --guidance-scale out, got ${guidanceScale}.`,
    );
  }
  const guided = conditional ? classifierFree(denoiser, { scale: guidanceScale }) : denoiser;
  const sampler = solvers[plan.solver](uniformGrid(steps));
  const count = labels.length;
  const size = sizeOf(examples);
  const batch = Math.min(batchSize, count);
  const samples = new Float32Array(count * size);

  for (let first = 0; first < count; first += batch) {
    const here = Math.min(batch, count - first);
    // The last batch is filled up, so that all have one shape and one compiled function.
    const numbers = new Float32Array(batch * size);
    for (let i = 0; i < here; i++) numbers.set(normalArray(foldIn(key, first + i), size), i * size);
    plan.onStep?.({ step: 0, first, count: here, x: numbers.slice(0, here * size) });
    const noise = tensor(numbers, [batch, ...examples.shape]);
    const condition = conditional
      ? tensor(
          Int32Array.from(
            { length: batch },
            (_, i) => labels[Math.min(first + i, count - 1)] as number,
          ),
          [batch],
          "int32",
        )
      : undefined;
    try {
      for await (const { index, x } of trajectory({
        denoiser: guided,
        sampler,
        noise,
        ...(condition && { condition }),
        ...(signal && { signal }),
      })) {
        plan.onProgress?.(first + (here * index) / steps, count);
        if (index < steps && !plan.onStep) continue;
        const values = (await x.data()) as Float32Array;
        if (index === steps) samples.set(values.subarray(0, here * size), first * size);
        plan.onStep?.({ step: index, first, count: here, x: values.slice(0, here * size) });
      }
    } finally {
      noise.dispose();
      condition?.dispose();
    }
  }
  return samples;
}

/** As many labels as asked for, evenly over the wanted classes, in order: 0, 1, …, 9, 0, 1, … */
export function spreadLabels(count: number, classes: readonly number[]): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => classes[i % classes.length] ?? 0);
}

/** «all» or «3,7»: the classes asked for. */
export function parseLabels(text: string, classes: number): number[] {
  if (text === "all") return classes > 0 ? Array.from({ length: classes }, (_, i) => i) : [];
  if (classes === 0)
    throw misuse(`--labels ${text}: this model was trained without labels; leave it out.`);
  return text.split(",").map((item) => {
    const label = Number(item);
    if (!/^\s*\d+\s*$/.test(item) || label >= classes) {
      throw misuse(
        `--labels ${text}: "${item}" is not a label; there are 0 to ${classes - 1}, or all.`,
      );
    }
    return label;
  });
}
