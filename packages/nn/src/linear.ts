import {
  add,
  type Key,
  matMul,
  reshape,
  split,
  type Tensor,
  tidy,
  type Variable,
} from "@gen/tensor";
import { expectLast, expectPositive } from "./check.ts";
import { type Fan, type Init, kaimingUniform, zeros } from "./init.ts";
import { parameter } from "./parameter.ts";
import type { TorchAxes } from "./torch.ts";

export interface LinearOptions {
  /** Whether a bias is added. Default true. */
  bias?: boolean;
  /** How the weight starts. Default `kaimingUniform`, as PyTorch's. */
  init?: Init;
  /** How the bias starts. Default: as PyTorch's where `init` is left out, else zeros. */
  biasInit?: Init;
}

/** y = x·W + b over the last axis, as `torch.nn.Linear`. `weight` [in, out], `bias` [out]. */
export class Linear {
  static readonly torchAxes: TorchAxes = { weight: [1, 0] };
  readonly weight: Variable;
  readonly bias: Variable | undefined;

  constructor(key: Key, inFeatures: number, outFeatures: number, options: LinearOptions = {}) {
    expectPositive("Linear", { inFeatures, outFeatures });
    const fan = { in: inFeatures, out: outFeatures };
    const made = weightAndBias(key, [inFeatures, outFeatures], outFeatures, fan, options);
    this.weight = made.weight;
    this.bias = made.bias;
  }

  /** x [..., in] → [..., out]. The caller disposes of the result. */
  forward(x: Tensor): Tensor {
    const [inFeatures, outFeatures] = this.weight.shape as [number, number];
    expectLast("Linear.forward", x, inFeatures);
    return tidy(() => {
      const product = matMul(reshape(x, [-1, inFeatures]), this.weight);
      const result = this.bias ? add(product, this.bias) : product;
      return reshape(result, [...x.shape.slice(0, -1), outFeatures]);
    });
  }
}

/** The variables of a linear or convolutional layer. */
export function weightAndBias(
  key: Key,
  shape: readonly number[],
  biasSize: number,
  fan: Fan,
  options: LinearOptions,
): { weight: Variable; bias: Variable | undefined } {
  const [weightKey, biasKey] = split(key, 2) as [Key, Key];
  const { bias = true, init = kaimingUniform } = options;
  const biasInit = options.biasInit ?? (options.init ? zeros : kaimingUniform);
  return {
    weight: parameter(init(weightKey, shape, fan), shape),
    bias: bias ? parameter(biasInit(biasKey, [biasSize], fan), [biasSize]) : undefined,
  };
}
