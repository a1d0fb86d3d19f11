import { type Mode, state } from "@gen/nn";
import {
  abs,
  add,
  addN,
  compile,
  dispose,
  type Key,
  mean,
  mul,
  scalar,
  stopGradient,
  sub,
  type Tensor,
  tidy,
  type Variable,
} from "@gen/tensor";
import {
  type Batch,
  differentiate,
  type LossTrainee,
  Optimizer,
  prefixed,
  type Transform,
} from "@gen/train";
import { adaptiveWeight } from "./adaptive-weight.ts";
import { codeStatistics } from "./code-statistics.ts";
import type { Part } from "./part.ts";
import { type FeatureMaps, perceptualLoss } from "./perceptual-loss.ts";
import type { Quantizer } from "./quantizer.ts";

/** A decoder that can be taken apart before its last layer, as `ConvDecoder` can. */
export interface DecoderOfImages extends Part {
  features(z: Tensor): Tensor;
  readonly last: { readonly weight: Variable; forward(h: Tensor): Tensor };
}

/** An autoencoder whose decoder is one of images: what `convVQVAE` makes. */
export interface FirstStage {
  readonly encoder: Part;
  readonly decoder: Part;
  readonly quantizer: Quantizer;
}

/** Tells images from reconstructions: logits of any shape, one for each patch. As those of `@gen/gan`. */
export interface PatchCritic {
  forward(x: Tensor, mode?: Mode): Tensor;
}

/** What critic and decoder minimise, as those of `@gen/gan`. */
export interface CriticLoss {
  discriminator(real: Tensor, fake: Tensor): Tensor;
  generator(fake: Tensor): Tensor;
}

export interface VQGANStepOptions {
  /** The images are the outputs of its decoder as they are: use a Gaussian likelihood. */
  readonly model: FirstStage;
  readonly discriminator: PatchCritic;
  /** The paper's is the hinge loss. */
  readonly loss: CriticLoss;
  /** The paper takes Adam with learning rate 4.5e-6 for each image of a batch, and beta1 0.5, for both. */
  readonly optimizer: Transform;
  readonly discriminatorOptimizer: Transform;
  /** Feature maps for the perceptual loss. Default none: only |x − x̂|. */
  readonly features?: FeatureMaps | undefined;
  /** What the adaptive weight is multiplied by. Default 0.8. */
  readonly adversarialWeight?: number | undefined;
  /** Steps without an adversary, until reconstructions are worth judging. Default 0. */
  readonly warmUp?: number | undefined;
}

/**
 * A trainee of VQGAN's first stage (Esser et al. 2021, arXiv:2012.09841, eq. 4 to 7): mean |x − x̂|, a perceptual loss,
 * the quantiser's loss, and an adversarial loss whose weight adapts to the gradients of the last layer; then the critic on
 * images and reconstructions. During the warm-up the adversary counts nothing and the critic stands still.
 *
 * A batch is `{ images }`. The losses are no likelihoods, so not in nats.
 */
export function vqganStep(options: VQGANStepOptions): LossTrainee {
  const { model, discriminator, loss: adversary, features } = options;
  const { adversarialWeight = 0.8, warmUp = 0 } = options;
  const decoder = model.decoder as Partial<DecoderOfImages> & Part;
  if (!decoder.features || !decoder.last) {
    throw new Error(
      "vqganStep: the model's decoder must have features(z) and last, as ConvDecoder has, got one without",
    );
  }
  const { last } = decoder as DecoderOfImages;
  const innerFeatures = (z: Tensor): Tensor => (decoder as DecoderOfImages).features(z);
  if (!(adversarialWeight >= 0 && Number.isInteger(warmUp) && warmUp >= 0)) {
    throw new Error(
      `vqganStep: adversarialWeight must be 0 or more and warmUp a whole number of steps, got ${adversarialWeight} and ${warmUp}`,
    );
  }
  const modelState = state(model);
  const criticState = state(discriminator);
  const optimizer = new Optimizer(modelState, options.optimizer);
  const criticOptimizer = new Optimizer(criticState, options.discriminatorOptimizer);

  const update = compile(
    (batch: Batch, key: Key, inputs: Record<string, Tensor>) =>
      tidy(() => {
        const images = batch["images"] as Tensor;
        const factor = inputs["factor"] as Tensor;
        const restore = (restored: Tensor): Tensor => {
          const pixels = mean(abs(sub(images, restored)));
          return features ? add(pixels, perceptualLoss(features, images, restored)) : pixels;
        };
        const deceive = (restored: Tensor): Tensor =>
          adversary.generator(discriminator.forward(restored, "training"));

        const first = differentiate(modelState, () => {
          const z = model.encoder.forward(images);
          const codes = model.quantizer.quantize(z, { mode: "training", key });
          const inner = innerFeatures(codes.quantized);
          const restored = last.forward(inner);
          const fixed = stopGradient(inner);
          const weight = adaptiveWeight({
            weight: last.weight,
            reconstruction: () => restore(last.forward(fixed)),
            adversarial: () => deceive(last.forward(fixed)),
          });
          const reconstruction = restore(restored);
          const generator = deceive(restored);
          return {
            loss: addN([
              reconstruction,
              codes.loss,
              mul(generator, mul(mul(weight, adversarialWeight), factor)),
            ]),
            reconstruction,
            quantization: codes.loss,
            generatorLoss: generator,
            weight,
            ...codeStatistics(codes.indices, model.quantizer.codes),
            restored,
          };
        });
        optimizer.apply(first.gradients, inputs["optimizer"] as Tensor);

        const { restored, ...metrics } = first.metrics as Record<string, Tensor>;
        const second = differentiate(criticState, () => {
          const real = discriminator.forward(images, "training");
          const fake = discriminator.forward(restored as Tensor, "training");
          return { loss: mul(adversary.discriminator(real, fake), factor) };
        });
        criticOptimizer.apply(second.gradients, inputs["discriminator"] as Tensor);
        return { ...metrics, discriminatorLoss: second.metrics["loss"] as Tensor };
      }),
    { name: "vqganStep" },
  );

  return {
    state: () => ({
      ...prefixed("model.", modelState),
      ...prefixed("discriminator.", criticState),
      ...prefixed("optimizer.", optimizer.state()),
      ...prefixed("discriminatorOptimizer.", criticOptimizer.state()),
    }),
    step(batch, key, step) {
      const inputs = {
        optimizer: optimizer.inputs(step),
        discriminator: criticOptimizer.inputs(step),
        factor: scalar(step < warmUp ? 0 : 1),
      };
      try {
        return update(batch, key, inputs);
      } finally {
        dispose(inputs);
      }
    },
    dispose() {
      update.dispose();
      optimizer.dispose();
      criticOptimizer.dispose();
    },
  };
}
