import { state } from "@gen/nn";
import {
  add,
  compile,
  dispose,
  type Key,
  mean,
  normal,
  split,
  type Tensor,
  tidy,
} from "@gen/tensor";
import {
  type Batch,
  differentiate,
  type Ema,
  Optimizer,
  prefixed,
  type Trainee,
  type Transform,
} from "@gen/train";
import type { AdversarialLoss } from "./adversarial-loss.ts";
import { nonSaturating } from "./non-saturating.ts";
import type { Discriminator, Generator } from "./players.ts";

export interface GANStepOptions {
  readonly generator: Generator;
  readonly discriminator: Discriminator;
  /** DCGAN takes Adam with learning rate 2e-4 and beta1 0.5 for both (arXiv:1511.06434, section 4). */
  readonly generatorOptimizer: Transform;
  readonly discriminatorOptimizer: Transform;
  /** Default `nonSaturating`. */
  readonly loss?: AdversarialLoss;
  /** A moving average of the generator's parameters, updated after each step. It stays its owner's. */
  readonly ema?: Ema | undefined;
}

/** A trainee made by `ganStep`. */
export interface GANTrainee extends Trainee {
  /** Frees the optimizers and the compiled function; the networks and the average stay. */
  dispose(): void;
}

/**
 * A trainee of two players (Goodfellow et al. 2014, arXiv:1406.2661, algorithm 1, k = 1): a step updates the
 * discriminator on `images` and as many generated ones, then the generator on new noise against the updated
 * discriminator. Real and generated images are batches of their own, so that batch norms see one kind at a time.
 *
 * A batch is `{ images }`. Metrics: `discriminatorLoss`, `generatorLoss`, their sum `loss`, and the mean logits `real`
 * and `fake` that the discriminator gave before its update.
 */
export function ganStep(options: GANStepOptions): GANTrainee {
  const { generator, discriminator, loss = nonSaturating, ema } = options;
  const generatorState = state(generator);
  const discriminatorState = state(discriminator);
  const generatorOptimizer = new Optimizer(generatorState, options.generatorOptimizer);
  const discriminatorOptimizer = new Optimizer(discriminatorState, options.discriminatorOptimizer);

  const update = compile(
    (batch: Batch, key: Key, inputs: Record<string, Tensor>) =>
      tidy(() => {
        const images = batch["images"] as Tensor;
        const [firstKey, secondKey] = split(key, 2) as [Key, Key];
        const generate = (k: Key): Tensor =>
          generator.forward(normal(k, [images.shape[0] as number, generator.latents]), "training");

        const generated = generate(firstKey);
        const first = differentiate(discriminatorState, () => {
          const real = discriminator.forward(images, "training");
          const fake = discriminator.forward(generated, "training");
          return { loss: loss.discriminator(real, fake), real: mean(real), fake: mean(fake) };
        });
        discriminatorOptimizer.apply(first.gradients, inputs["discriminator"] as Tensor);

        const second = differentiate(generatorState, () => ({
          loss: loss.generator(discriminator.forward(generate(secondKey), "training")),
        }));
        generatorOptimizer.apply(second.gradients, inputs["generator"] as Tensor);
        ema?.update(inputs["ema"] as Tensor);

        const { loss: discriminatorLoss, ...logits } = first.metrics as Record<string, Tensor>;
        const generatorLoss = second.metrics["loss"] as Tensor;
        return {
          loss: add(discriminatorLoss as Tensor, generatorLoss),
          discriminatorLoss: discriminatorLoss as Tensor,
          generatorLoss,
          ...logits,
        } as Record<string, Tensor>;
      }),
    { name: "ganStep" },
  );

  return {
    state: () => ({
      ...prefixed("generator.", generatorState),
      ...prefixed("discriminator.", discriminatorState),
      ...prefixed("generatorOptimizer.", generatorOptimizer.state()),
      ...prefixed("discriminatorOptimizer.", discriminatorOptimizer.state()),
      ...(ema && prefixed("ema.", ema.state())),
    }),
    step(batch, key, step) {
      const inputs: Record<string, Tensor> = {
        generator: generatorOptimizer.inputs(step),
        discriminator: discriminatorOptimizer.inputs(step),
        ...(ema && { ema: ema.inputs(step) }),
      };
      try {
        return update(batch, key, inputs);
      } finally {
        dispose(inputs);
      }
    },
    dispose() {
      update.dispose();
      generatorOptimizer.dispose();
      discriminatorOptimizer.dispose();
    },
  };
}
