import {
  add,
  conv2d,
  type Key,
  matMul,
  reshape,
  type Tensor,
  type Tensor4D,
  tidy,
  type Variable,
} from "@gen/tensor";
import { expectPositive, expectShape } from "./check.ts";
import { type LinearOptions, weightAndBias } from "./linear.ts";
import type { TorchAxes } from "./torch.ts";

export interface Conv2dOptions extends LinearOptions {
  /** Default 1. */
  stride?: number;
  /**
   * Zeros added on each of the four sides, as PyTorch's number. Default ⌊(kernelSize − 1) / 2⌋: the size stays the
   * same at stride 1 with an odd kernel, and halves at stride 2 with a kernel of 3 or 4 (PyTorch's default is 0).
   */
  padding?: number;
}

/** Convolution of images, as `torch.nn.Conv2d`. `weight` [height, width, in, out], `bias` [out]. */
export class Conv2d {
  static readonly torchAxes: TorchAxes = { weight: [2, 3, 1, 0] };
  readonly weight: Variable;
  readonly bias: Variable | undefined;
  readonly stride: number;
  readonly padding: number;

  constructor(
    key: Key,
    inChannels: number,
    outChannels: number,
    kernelSize: number,
    options: Conv2dOptions = {},
  ) {
    expectPositive("Conv2d", { inChannels, outChannels, kernelSize });
    const area = kernelSize * kernelSize;
    const shape = [kernelSize, kernelSize, inChannels, outChannels];
    const fan = { in: area * inChannels, out: area * outChannels };
    const made = weightAndBias(key, shape, outChannels, fan, options);
    this.weight = made.weight;
    this.bias = made.bias;
    this.stride = options.stride ?? 1;
    this.padding = options.padding ?? Math.floor((kernelSize - 1) / 2);
  }

  /**
   * x [batch, height, width, in] → [batch, height', width', out], height' = ⌊(height + 2·padding − kernel) / stride⌋ + 1.
   * The caller disposes of the result.
   */
  forward(x: Tensor): Tensor {
    expectShape(
      "Conv2d.forward",
      x,
      "batch, height, width, channels",
      4,
      this.weight.shape[2] as number,
    );
    return tidy(() => {
      const result = this.convolve(x);
      return this.bias ? add(result, this.bias) : result;
    });
  }

  private convolve(x: Tensor): Tensor {
    const [kernelSize, , inChannels, outChannels] = this.weight.shape as [
      number,
      number,
      number,
      number,
    ];
    if (kernelSize === 1 && this.stride === 1 && this.padding === 0) {
      const filter = reshape(this.weight, [inChannels, outChannels]);
      const product = matMul(reshape(x, [-1, inChannels]), filter);
      return reshape(product, [...x.shape.slice(0, -1), outChannels]);
    }
    return conv2d(x as Tensor4D, this.weight as unknown as Tensor4D, this.stride, this.padding);
  }
}
