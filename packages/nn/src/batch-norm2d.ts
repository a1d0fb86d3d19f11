import {
  add,
  mul,
  relu,
  reshape,
  rsqrt,
  square,
  sub,
  type Tensor,
  tidy,
  unstack,
  type Variable,
} from "@gen/tensor";
import { expectPositive, expectShape } from "./check.ts";
import { parameter } from "./parameter.ts";
import { powerSums } from "./statistics.ts";

/** Whether a layer works with the statistics of its batch and takes them in, or with those taken in before. */
export type Mode = "training" | "inference";

export interface BatchNorm2dOptions {
  /** Added to the variance. Default 1e-5. */
  epsilon?: number;
  /** How much of a batch's statistics the running ones take in. Default 0.1, as PyTorch's. */
  momentum?: number;
}

/**
 * Batch normalisation of images (Ioffe and Szegedy, arXiv:1502.03167, algorithms 1 and 2), as `torch.nn.BatchNorm2d`.
 * `weight`, `bias` [channels]; `running_mean`, `running_var` [channels] are saved with the model and not trained.
 *
 * What PyTorch keeps in a module's hidden mode, `train()` and `eval()`, is an argument here. PyTorch's counter
 * `num_batches_tracked` is not kept: leave it out of a state dict.
 */
export class BatchNorm2d {
  readonly weight: Variable;
  readonly bias: Variable;
  readonly running_mean: Variable;
  readonly running_var: Variable;
  readonly channels: number;
  readonly epsilon: number;
  readonly momentum: number;

  constructor(channels: number, { epsilon = 1e-5, momentum = 0.1 }: BatchNorm2dOptions = {}) {
    expectPositive("BatchNorm2d", { channels });
    const full = (value: number, trainable: boolean): Variable =>
      parameter(new Float32Array(channels).fill(value), [channels], trainable);
    this.weight = full(1, true);
    this.bias = full(0, true);
    this.running_mean = full(0, false);
    this.running_var = full(1, false);
    this.channels = channels;
    this.epsilon = epsilon;
    this.momentum = momentum;
  }

  /**
   * x [batch, height, width, channels] → the same shape.
   *
   * @param mode in training, the mean and the variance are the batch's, and the running ones move towards them; the
   *   variance that they take in is the unbiased one
   * @returns the caller disposes of it
   */
  forward(x: Tensor, mode: Mode = "inference"): Tensor {
    expectShape("BatchNorm2d.forward", x, "batch, height, width, channels", 4, this.channels);
    return tidy(() => {
      const { mean, variance } =
        mode === "training"
          ? this.take(x)
          : { mean: this.running_mean, variance: this.running_var };
      const factor = mul(this.weight, rsqrt(add(variance, this.epsilon)));
      return add(mul(x, factor), sub(this.bias, mul(mean, factor)));
    });
  }

  /** The statistics of a batch, which the running ones take in. */
  private take(x: Tensor): { mean: Tensor; variance: Tensor } {
    const { channels, momentum } = this;
    const count = x.size / channels;
    if (count < 2) {
      throw new Error(
        `BatchNorm2d.forward: training needs at least 2 numbers of each channel, got x [${x.shape.join(", ")}].`,
      );
    }
    const sums = reshape(powerSums(reshape(x, [1, count, channels])), [2, channels]);
    const [mean, meanSquare] = unstack(mul(sums, 1 / count)) as [Tensor, Tensor];
    const variance = relu(sub(meanSquare, square(mean)));
    const move = (running: Variable, value: Tensor): void =>
      running.assign(add(mul(running, 1 - momentum), mul(value, momentum)));
    move(this.running_mean, mean);
    move(this.running_var, mul(variance, count / (count - 1)));
    return { mean, variance };
  }
}
