import {
  add,
  compile,
  foldIn,
  type Key,
  key,
  mul,
  normal,
  sub,
  type Tensor,
  tensor,
  tidy,
  zeros,
} from "@gen/tensor";
import { convVAE, denseVAE, type VAE } from "@gen/vae";
import { type Examples, sizeOf } from "../examples.ts";
import { misuse } from "../failure.ts";
import { inParts } from "../in-parts.ts";
import type { SamplePlan, Trained } from "../family.ts";
import { drawInBatches, usualBatch } from "../sample-batches.ts";
import { disposeWeights, parameterCount } from "../trained-weights.ts";
import type { VAEConfig } from "./vae-config.ts";

/** A variational autoencoder for use: images in [-1, 1] on both sides, whatever its likelihood takes. */
export interface TrainedVAE extends Trained {
  readonly config: VAEConfig;
  readonly model: VAE;
  /** Of what it draws: without classes, if it is not conditional. */
  readonly examples: Examples;
  /** The means of the latents [count, latents], one after another. */
  encode(numbers: Float32Array, labels?: Int32Array): Promise<Float32Array>;
  /** The means of p(x | z): examples, one after another. */
  decode(latents: Float32Array, labels?: Int32Array): Promise<Float32Array>;
  draw(plan: SamplePlan<{ readonly pixels: "mean" | "draw" }>): Promise<Float32Array>;
}

/** Whether its images are zeros and ones. */
export const isBinary = ({ likelihood }: VAEConfig): boolean => likelihood.name === "bernoulli";

export function createModel(config: VAEConfig, { shape, classes }: Examples): VAE {
  const { seed, model, latents, conditional, likelihood: named } = config;
  const modelKey = foldIn(key(seed), 0);
  const likelihood =
    named.name === "bernoulli" || named.name === "gaussianWithVariance" ? named.name : named;
  if (conditional && (classes === 0 || model.kind === "dense")) {
    throw misuse(
      "conditional needs data with classes and model.kind=conv; set conditional=false for others.",
    );
  }
  if (model.kind === "dense") {
    return denseVAE(modelKey, { dataShape: shape, latents, hidden: model.hidden, likelihood });
  }
  const [height, width, inChannels] = shape;
  if (inChannels === undefined || height !== width) {
    throw misuse(
      `model.kind conv is for square images; for examples of ${shape.join("×")} take dense.`,
    );
  }
  const { kind: _kind, ...sizes } = model;
  try {
    return convVAE(modelKey, {
      ...sizes,
      imageSize: height as number,
      inChannels,
      latentShape: [latents],
      likelihood,
      ...(conditional && { classes }),
    });
  } catch (error) {
    throw misuse(`model: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const AT_ONCE = 500;

export function trained(config: VAEConfig, model: VAE, given: Examples): TrainedVAE {
  const examples = config.conditional ? given : { ...given, classes: 0 };
  const { latents } = config;
  const binary = isBinary(config);
  const size = sizeOf(examples);
  const batch = usualBatch(examples);
  // Bernoulli's data are from 0 to 1, images from −1 to 1.
  const outwards = (x: Tensor): Tensor => (binary ? sub(mul(x, 2), 1) : x);
  const inwards = (x: Tensor): Tensor => (binary ? mul(add(x, 1), 0.5) : x);
  const encoder = compile((x: Tensor, labels: Tensor | undefined) =>
    tidy(() => model.encode(inwards(x), labels).mean),
  );
  const decoder = compile((z: Tensor, labels: Tensor | undefined) =>
    tidy(() => outwards(model.decode(z, labels))),
  );
  const sampler = compile((k: Key, labels: Tensor | undefined, mean: Tensor | undefined) =>
    tidy(() => {
      const z = normal(foldIn(k, 0), [batch, latents]);
      const outputs = model.decoder.forward(z, labels);
      const { likelihood } = model;
      return outwards(mean ? likelihood.mean(outputs) : likelihood.sample(outputs, foldIn(k, 1)));
    }),
  );
  const labelsOf = (labels: Int32Array | undefined, first: number, here: number) =>
    examples.classes > 0 && labels
      ? tensor(labels.subarray(first, first + here), [here], "int32")
      : undefined;
  return {
    config,
    model,
    examples,
    parameters: parameterCount(model),
    encode: (numbers, labels) =>
      inParts(numbers.length / size, AT_ONCE, (first, here) =>
        tidy(() => {
          const images = tensor(numbers.subarray(first * size, (first + here) * size), [
            here,
            ...examples.shape,
          ]);
          return encoder(images, labelsOf(labels, first, here));
        }),
      ),
    decode: (z, labels) =>
      inParts(z.length / latents, AT_ONCE, (first, here) =>
        tidy(() => {
          const rows = z.subarray(first * latents, (first + here) * latents);
          return decoder(tensor(rows, [here, latents]), labelsOf(labels, first, here));
        }),
      ),
    draw: (plan) =>
      drawInBatches(plan, examples, batch, async ({ first, labels }) => {
        const mean = plan.settings.pixels === "mean" ? zeros([]) : undefined;
        const drawn = sampler(foldIn(plan.key, first), labels, mean);
        try {
          return (await drawn.data()) as Float32Array;
        } finally {
          drawn.dispose();
          mean?.dispose();
        }
      }),
    dispose() {
      for (const fn of [encoder, decoder, sampler]) fn.dispose();
      disposeWeights(model);
    },
  };
}
