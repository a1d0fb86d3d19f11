import {
  add,
  cast,
  clipByValue,
  foldIn,
  type Key,
  less,
  mean,
  mul,
  sign,
  sub,
  type Tensor,
  tidy,
  uniform,
  type Variable,
} from "@gen/tensor";
import { parameter } from "@gen/nn";
import { nonNegative } from "./non-negative.ts";
import type { Transformation } from "./transformations.ts";

/** What is done to all data, real or generated, before the discriminator sees it. */
export interface Augmentation {
  /** The caller disposes of the result. */
  apply(x: Tensor, key: Key): Tensor;
  /** Called after each of the discriminator's updates with its logits of the (augmented) data. */
  update(real: Tensor): void;
  /** What it remembers; the variables stay its own: `dispose(augmentation.state())` frees them. */
  state(): Record<string, Variable>;
  /** Scalars to report; the caller disposes of them. */
  metrics(): Record<string, Tensor>;
}

export interface AdaptiveAugmentationOptions {
  readonly transformations: readonly Transformation[];
  /** The r_t that is held: 0.6, the paper's. */
  readonly target?: number;
  /** After how many images, all with one sign, the probability has gone from 0 to 1; 500,000, the paper's. */
  readonly images?: number;
  /** The probability at the start; 0. */
  readonly probability?: number;
}

/**
 * ADA (Karras et al. 2020, arXiv:2006.06676, section 3): each transformation is applied to each image with probability
 * p. Of an overfitting discriminator r_t = E sign(D(x)) goes to 1, of one that cannot tell to 0; p rises while r_t is
 * above its target, and falls below it. It assumes logits whose sign decides. (The paper takes r_t over four batches
 * before it moves p; here every update moves it by its share.)
 */
export class AdaptiveAugmentation implements Augmentation {
  readonly transformations: readonly Transformation[];
  readonly target: number;
  readonly images: number;
  readonly probability: Variable;

  constructor({
    transformations,
    target = 0.6,
    images = 500_000,
    probability = 0,
  }: AdaptiveAugmentationOptions) {
    if (!(images > 0)) {
      throw new Error(`AdaptiveAugmentation: images must be positive, got ${images}`);
    }
    if (!(probability >= 0 && probability <= 1)) {
      throw new Error(`AdaptiveAugmentation: probability must be in [0, 1], got ${probability}`);
    }
    nonNegative("AdaptiveAugmentation", { target });
    this.transformations = transformations;
    this.target = target;
    this.images = images;
    this.probability = parameter(Float32Array.of(probability), [], false);
  }

  /** x [batch, …] → the same shape. The caller disposes of the result. */
  apply(x: Tensor, key: Key): Tensor {
    return tidy(() =>
      this.transformations.reduce((image, transformation, i) => {
        const chosen = less(
          uniform(foldIn(key, 2 * i), [x.shape[0] as number, ...x.shape.slice(1).map(() => 1)]),
          this.probability,
        );
        const weight = cast(chosen, "float32");
        const changed = transformation(image, foldIn(key, 2 * i + 1));
        return add(mul(weight, changed), mul(sub(1, weight), image));
      }, x),
    );
  }

  update(real: Tensor): void {
    tidy(() => {
      const direction = sign(sub(mean(sign(real)), this.target));
      const move = mul(direction, (real.shape[0] as number) / this.images);
      this.probability.assign(clipByValue(add(this.probability, move), 0, 1));
    });
  }

  state(): Record<string, Variable> {
    return { probability: this.probability };
  }

  metrics(): Record<string, Tensor> {
    return { augmentation: add(this.probability, 0) };
  }
}

/**
 * Every transformation on every image (DiffAugment, Zhao et al. 2020, arXiv:2006.10738): the generator
 * learns through them. Only such as leave the data recognisable with all of them at once: `translate`, `cutout`, colour.
 */
export function differentiableAugmentation(
  transformations: readonly Transformation[],
): Augmentation {
  return {
    apply: (x, key) =>
      tidy(() =>
        transformations.reduce(
          (image, transformation, i) => transformation(image, foldIn(key, i)),
          add(x, 0),
        ),
      ),
    update: () => {},
    state: () => ({}),
    metrics: () => ({}),
  };
}
