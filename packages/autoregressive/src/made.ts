import { type init, MaskedLinear } from "@gen/nn";
import { bernoulliDistribution, type Distribution, gaussian } from "@gen/probability";
import {
  add,
  cast,
  exp,
  foldIn,
  type Key,
  mul,
  neg,
  mean,
  oneHot,
  relu,
  splitTensor,
  sub,
  sum,
  type Tensor,
  tensor,
  tidy,
  zeros,
} from "@gen/tensor";

/** How each number is distributed, given those before it. */
export interface MadeOutput {
  readonly name: string;
  /** How many parameters a number has. */
  readonly parameters: number;
  /** From parameters [batch, features], as many as there are. */
  of(parameters: readonly Tensor[]): Distribution;
}

/** Zeros and ones, by their logits. */
export const bernoulliOutput: MadeOutput = {
  name: "bernoulliOutput",
  parameters: 1,
  of: ([logits]) => bernoulliDistribution(logits as Tensor),
};

/** Normal numbers, by mean and log of the deviation. */
export const gaussianOutput: MadeOutput = {
  name: "gaussianOutput",
  parameters: 2,
  of: ([loc, logScale]) => gaussian(loc as Tensor, exp(logScale as Tensor)),
};

export interface MadeConfig {
  readonly features: number;
  /** Features of the hidden layers. */
  readonly hidden: readonly number[];
  /** `bernoulliOutput` or `gaussianOutput`. */
  readonly output: MadeOutput;
  /** Which feature comes first, second, …: each of 0 … features − 1 once. Default: as they are. */
  readonly order?: readonly number[];
  /** How the weights start. Default `kaimingUniform`, as PyTorch's. */
  readonly init?: init.Init;
}

/**
 * A masked autoencoder for distribution estimation (Germain et al. 2015, arXiv:1502.03509): a perceptron whose masks
 * leave each output only the paths from inputs before it, eq. 12 and 13; p(x) = Π p(x_d | x_<d) in one pass, a sample in
 * as many as there are features. Hidden units have the degrees 1 … features − 1 in turn, where the paper draws them.
 */
export class Made {
  readonly layers: MaskedLinear[];
  readonly config: MadeConfig;
  /** The features in their order. */
  readonly order: readonly number[];

  /** @throws if `order` is no order of the features, or a size is no positive whole number */
  constructor(key: Key, config: MadeConfig) {
    const { features, hidden, output } = config;
    for (const size of [features, ...hidden]) {
      if (Number.isInteger(size) && size >= 1) continue;
      throw new Error(`Made: features and hidden must be whole numbers of 1 or more, got ${size}`);
    }
    const given = Array.from({ length: features }, (_, i) => i);
    const order = config.order ?? given;
    if (order.length !== features || given.some((i) => !order.includes(i))) {
      throw new Error(
        `Made: order must name each of 0 to ${features - 1} once, got [${order.join(", ")}]`,
      );
    }
    const inputs = given.map((i) => order.indexOf(i) + 1);
    const degrees = hidden.map((width) =>
      Array.from({ length: width }, (_, i) => 1 + (i % Math.max(features - 1, 1))),
    );
    const outputs = Array.from({ length: output.parameters }, () => inputs).flat();
    const levels = [inputs, ...degrees, outputs];
    this.layers = levels.slice(1).map(
      (to, i) =>
        new MaskedLinear(foldIn(key, i), levels[i] as number[], to, {
          strict: i === hidden.length,
          ...(config.init && { init: config.init }),
        }),
    );
    this.config = config;
    this.order = order;
  }

  /** x [batch, features] → [batch, features · parameters of the output]. The caller disposes of it. */
  forward(x: Tensor): Tensor {
    const { features } = this.config;
    if (x.rank !== 2 || x.shape[1] !== features) {
      throw new Error(`Made.forward: x must be [batch, ${features}], got [${x.shape.join(", ")}]`);
    }
    return tidy(() => this.layers.reduce((h, layer, i) => layer.forward(i === 0 ? h : relu(h)), x));
  }

  /** log p(x) in nats [batch]. The caller disposes of it. */
  logProb(x: Tensor): Tensor {
    return tidy(() => sum(this.distribution(x).logProb(x), 1));
  }

  /** Draws from p, one feature after the other: [count, features]; the caller disposes of it. */
  sample(key: Key, count: number): Tensor {
    return tidy(() => {
      let x = zeros([count, this.config.features]);
      for (const [i, feature] of this.order.entries()) {
        const drawn = this.distribution(x).sample(foldIn(key, i));
        const here = cast(oneHot(tensor([feature], [1], "int32"), this.config.features), "float32");
        x = add(mul(x, sub(1, here)), mul(drawn, here));
      }
      return x;
    });
  }

  private distribution(x: Tensor): Distribution {
    const { output } = this.config;
    return output.of(splitTensor(this.forward(x), output.parameters, 1));
  }
}

/** The negative log-likelihood in nats, the mean over the batch. For `trainStep` of `@gen/train`. */
export function madeLoss({ model, x }: { readonly model: Made; readonly x: Tensor }): {
  loss: Tensor;
} {
  return tidy(() => ({ loss: neg(mean(model.logProb(x))) }));
}
