import { type Generator, StyleGenerator } from "@gen/gan";
import { compile, foldIn, type Key, scalar, type Tensor, tensor, tidy } from "@gen/tensor";
import { truncatedNormalArray } from "@gen/random";
import type { Examples } from "../examples.ts";
import type { SamplePlan, Trained } from "../family.ts";
import { drawInBatches, usualBatch } from "../sample-batches.ts";
import { numberSetting, type ValuesOf } from "../settings.ts";
import { disposeWeights, parameterCount } from "../trained-weights.ts";

/** How a generator's samples are drawn. */
export const latentSettings = {
  truncation: numberSetting("The largest number of a latent (BigGAN's truncation); 10 is none", {
    low: 0.05,
    high: 10,
    fallback: 10,
  }),
};
/** The same of one with styles. */
export const styleSettings = {
  truncation: numberSetting(
    "How much of a style is its own, the rest the mean (StyleGAN's truncation); 1 is none",
    {
      low: 0,
      high: 2,
      fallback: 1,
    },
  ),
};

export type GANSettings = ValuesOf<typeof latentSettings>;

/** A generator for use. */
export interface TrainedGAN extends Trained {
  readonly generator: Generator & object;
  readonly examples: Examples;
  /** Samples of latents [batch, latents], their labels and a key of the noise; the caller disposes of the result. */
  generate(z: Tensor, labels: Tensor | undefined, noise: Key, truncation: number): Tensor;
}

export function trainedGAN(generator: Generator & object, examples: Examples): TrainedGAN {
  const generate = compile(
    (z: Tensor, labels: Tensor | undefined, noise: Key, psi: Tensor) =>
      generator instanceof StyleGenerator
        ? tidy(() => {
            const w = generator.mapping.forward(z, "inference", labels);
            return generator.synthesize(
              generator.spread(generator.mapping.truncate(w, psi)),
              noise,
            );
          })
        : generator.forward(z, "inference", { labels }),
    { name: "generate" },
  );
  return {
    generator,
    examples,
    parameters: parameterCount(generator),
    generate(z, labels, noise, truncation) {
      const psi = scalar(truncation);
      try {
        return generate(z, labels, noise, psi);
      } finally {
        psi.dispose();
      }
    },
    dispose() {
      generate.dispose();
      disposeWeights(generator);
    },
  };
}

/** Draws samples; each has a latent of its own. */
export function drawGAN(
  { generator, examples, generate }: TrainedGAN,
  plan: SamplePlan<GANSettings>,
): Promise<Float32Array> {
  const { latents } = generator;
  const { truncation } = plan.settings;
  const limit = generator instanceof StyleGenerator ? 10 : truncation;
  const batch = usualBatch(examples);
  return drawInBatches(plan, examples, batch, async ({ first, count, labels }) => {
    const numbers = new Float32Array(batch * latents);
    for (let i = 0; i < count; i++) {
      const sampleKey = foldIn(plan.key, first + i);
      numbers.set(truncatedNormalArray(sampleKey, latents, -limit, limit), i * latents);
    }
    const z = tensor(numbers, [batch, latents]);
    const samples = generate(z, labels, foldIn(foldIn(plan.key, first), 1), truncation);
    try {
      return (await samples.data()) as Float32Array;
    } finally {
      z.dispose();
      samples.dispose();
    }
  });
}
