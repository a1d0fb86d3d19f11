import { parameters, state } from "@gen/nn";
import {
  add,
  addN,
  compile,
  dispose,
  foldIn,
  type Key,
  mean,
  mul,
  normal,
  scalar,
  sign,
  split,
  splitTensor,
  sub,
  type Tensor,
  tidy,
} from "@gen/tensor";
import {
  type Batch,
  differentiate,
  type Ema,
  type Losses,
  Optimizer,
  prefixed,
  type Trainee,
  type Transform,
} from "@gen/train";
import type { AdversarialLoss } from "./adversarial-loss.ts";
import type { Augmentation } from "./augmentation.ts";
import { nonSaturating } from "./non-saturating.ts";
import type { Discriminator, Generator } from "./players.ts";
import type { Game, Regularizer } from "./regularizer.ts";

export interface GANStepOptions {
  readonly generator: Generator;
  readonly discriminator: Discriminator;
  /**
   * DCGAN takes Adam with learning rate 2e-4 and beta1 0.5 for both (arXiv:1511.06434, section 4). Two different
   * learning rates make it the two time scales of arXiv:1706.08500.
   */
  readonly generatorOptimizer: Transform;
  /** Its schedules count the discriminator's own updates. */
  readonly discriminatorOptimizer: Transform;
  /** Default `nonSaturating`. */
  readonly loss?: AdversarialLoss;
  /** Any number, each of another name. What they remember stays theirs. */
  readonly regularizers?: readonly Regularizer[];
  /** What is done to data before the discriminator sees it. */
  readonly augmentation?: Augmentation | undefined;
  /** Updates of the discriminator for one of the generator; 1. WGAN takes 5. */
  readonly criticSteps?: number;
  /** A moving average of the generator's parameters, updated after each step. It stays its owner's. */
  readonly ema?: Ema | undefined;
}

/** A trainee made by `ganStep`. */
export interface GANTrainee extends Trainee {
  /** Frees the optimizers and the compiled function; the networks, the average and the regularisers' memory stay. */
  dispose(): void;
}

/** What changes with the step: inputs of the optimizers, one for each of their updates, and of the average. */
interface StepInputs {
  generator: Tensor;
  discriminator: Tensor[];
  ema: Tensor | undefined;
}

/**
 * A trainee of two players (Goodfellow et al. 2014, arXiv:1406.2661, algorithm 1): a step updates the discriminator
 * `criticSteps` times on data and as many generated ones, then the generator on new noise against the updated
 * discriminator. Real and generated data are batches of their own, so that batch norms see one kind at a time.
 *
 * A batch is `{ images }`, and `labels` (int32) for conditional players: the generated ones have the labels of the real
 * ones. It holds the data of all of the discriminator's updates, which share it out in order.
 *
 * Metrics, all of the discriminator's last update before it took place but `generatorLoss`: the two adversarial losses
 * `discriminatorLoss` and `generatorLoss`; the mean logits `real` and `fake` and their difference `gap`, which for a
 * Lipschitz critic bounds W₁ from below (`kantorovichRubinstein` of `@gen/probability`); `accuracy`, the share of pairs
 * in which the real one is put higher, 0.5 where it cannot tell; each regulariser's term by its name, the sum for one
 * that has two, 0 in steps that it is not due in; and `loss`, the sum of all.
 */
export function ganStep(options: GANStepOptions): GANTrainee {
  const { generator, discriminator, loss = nonSaturating, ema, augmentation } = options;
  const { regularizers = [], criticSteps = 1 } = options;
  if (!Number.isInteger(criticSteps) || criticSteps < 1) {
    throw new Error(`ganStep: criticSteps must be a positive integer, got ${criticSteps}`);
  }
  const names = regularizers.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new Error(`ganStep: regularizers must have different names, got two named ${twice}`);
  }
  const generatorState = state(generator);
  const discriminatorState = state(discriminator);
  const generatorOptimizer = new Optimizer(generatorState, options.generatorOptimizer);
  const discriminatorOptimizer = new Optimizer(discriminatorState, options.discriminatorOptimizer);

  /** One player's view of one update. */
  function game(real: Tensor, labels: Tensor | undefined, fake: Tensor, key: Key): Game {
    let calls = 0;
    return {
      generator,
      discriminator,
      judge: (x) => {
        const seen = augmentation?.apply(x, foldIn(key, calls++)) ?? x;
        return discriminator.forward(seen, "training", labels);
      },
      real,
      fake,
      labels,
      key,
    };
  }

  /** The terms that regularisers add for a player: 0 of those that are not due in this step. */
  function terms(
    player: "discriminator" | "generator",
    due: readonly boolean[],
    given: Game,
  ): Record<string, Tensor> {
    const added: Record<string, Tensor> = {};
    for (const [i, regularizer] of regularizers.entries()) {
      if (!regularizer[player]) continue;
      const key = foldIn(given.key, 1000 + i);
      added[regularizer.name] = due[i] ? regularizer[player]({ ...given, key }) : scalar(0);
    }
    return added;
  }

  const update = compile(
    (batch: Batch, key: Key, inputs: StepInputs, due: readonly boolean[]) =>
      tidy(() => {
        const parts = (name: string): Tensor[] | undefined =>
          batch[name] && splitTensor(batch[name], criticSteps);
        const images = parts("images") as Tensor[];
        const labels = parts("labels");
        // For each update, and the generator's last: a key of its noise, and one of all else.
        const keys = split(key, 2 * (criticSteps + 1));
        const others = keys.slice(criticSteps + 1);
        const generate = (update: number, part: number): Tensor =>
          generator.forward(
            normal(keys[update] as Key, [images[part]!.shape[0] as number, generator.latents]),
            "training",
            { labels: labels?.[part], key: foldIn(others[update] as Key, 2000) },
          );

        let judged: Record<string, Tensor> = {};
        for (let i = 0; i < criticSteps; i++) {
          const fake = generate(i, i);
          const { gradients, metrics } = differentiate(discriminatorState, () => {
            const given = game(images[i]!, labels?.[i], fake, others[i] as Key);
            const [real, generated] = [given.judge(images[i]!), given.judge(fake)];
            const adversarial = loss.discriminator(real, generated);
            const extra = terms("discriminator", due, given);
            augmentation?.update(real);
            const gap = sub(mean(real), mean(generated));
            return {
              loss: addN([adversarial, ...Object.values(extra)]),
              discriminatorLoss: adversarial,
              real: mean(real),
              fake: mean(generated),
              gap,
              accuracy: mul(0.5, add(1, mean(sign(sub(real, generated))))),
              ...extra,
            } as Losses;
          });
          discriminatorOptimizer.apply(gradients, inputs.discriminator[i]!);
          for (const regularizer of regularizers) regularizer.project?.(parameters(discriminator));
          judged = metrics;
        }

        const last = criticSteps - 1;
        const { gradients, metrics } = differentiate(generatorState, () => {
          const fake = generate(criticSteps, last);
          const given = game(images[last]!, labels?.[last], fake, others[criticSteps] as Key);
          const adversarial = loss.generator(given.judge(fake), () => given.judge(images[last]!));
          const extra = terms("generator", due, given);
          return {
            loss: addN([adversarial, ...Object.values(extra)]),
            generatorLoss: adversarial,
            ...extra,
          } as Losses;
        });
        generatorOptimizer.apply(gradients, inputs.generator);
        if (inputs.ema) ema?.update(inputs.ema);

        const all = { ...judged, ...augmentation?.metrics() };
        for (const [name, metric] of Object.entries(metrics)) {
          all[name] = all[name] ? add(all[name], metric) : metric;
        }
        return all;
      }),
    { name: "ganStep" },
  );

  return {
    state: () => ({
      ...prefixed("generator.", generatorState),
      ...prefixed("discriminator.", discriminatorState),
      ...prefixed("generatorOptimizer.", generatorOptimizer.state()),
      ...prefixed("discriminatorOptimizer.", discriminatorOptimizer.state()),
      ...Object.assign(
        {},
        ...regularizers.map((each) => each.state && prefixed(`${each.name}.`, each.state())),
      ),
      ...(augmentation && prefixed("augmentation.", augmentation.state())),
      ...(ema && prefixed("ema.", ema.state())),
    }),
    step(batch, key, step) {
      checkBatch(batch, criticSteps);
      const inputs: StepInputs = {
        generator: generatorOptimizer.inputs(step),
        discriminator: Array.from({ length: criticSteps }, (_, i) =>
          discriminatorOptimizer.inputs(step * criticSteps + i),
        ),
        ema: ema?.inputs(step),
      };
      try {
        return update(
          batch,
          key,
          inputs,
          regularizers.map(({ every = 1 }) => step % every === 0),
        );
      } finally {
        dispose([inputs.generator, ...inputs.discriminator]);
        inputs.ema?.dispose();
      }
    },
    dispose() {
      update.dispose();
      generatorOptimizer.dispose();
      discriminatorOptimizer.dispose();
    },
  };
}

function checkBatch({ images, labels }: Batch, criticSteps: number): void {
  if (!images) throw new Error("ganStep: a batch must have images, got none");
  if ((images.shape[0] as number) % criticSteps !== 0) {
    throw new Error(
      `ganStep: a batch must hold a multiple of criticSteps = ${criticSteps} images, got ${images.shape[0]}`,
    );
  }
  if (labels && (labels.dtype !== "int32" || labels.shape[0] !== images.shape[0])) {
    throw new Error(
      `ganStep: labels must be int32 [${images.shape[0]}], one for each image, got ${labels.dtype} [${labels.shape.join(", ")}]`,
    );
  }
}
