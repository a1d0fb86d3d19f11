import {
  add,
  conv2dTranspose,
  type Key,
  type Tensor,
  type Tensor4D,
  tidy,
  type Variable,
} from "@gen/tensor";
import { expectPositive, expectShape } from "./check.ts";
import { type LinearOptions, weightAndBias } from "./linear.ts";
import type { TorchAxes } from "./torch.ts";

export interface ConvTranspose2dOptions extends LinearOptions {
  /** Default 1. */
  stride?: number;
  /** What is cut from each of the four sides of the result, as PyTorch's number. Default 0. */
  padding?: number;
  /** Rows and columns added at the bottom and the right. Less than the stride. Default 0. */
  outputPadding?: number;
}

/** The transpose of a convolution, as `torch.nn.ConvTranspose2d`. `weight` [height, width, out, in], `bias` [out]. */
export class ConvTranspose2d {
  static readonly torchAxes: TorchAxes = { weight: [2, 3, 1, 0] };
  readonly weight: Variable;
  readonly bias: Variable | undefined;
  readonly stride: number;
  readonly padding: number;
  readonly outputPadding: number;

  constructor(
    key: Key,
    inChannels: number,
    outChannels: number,
    kernelSize: number,
    options: ConvTranspose2dOptions = {},
  ) {
    expectPositive("ConvTranspose2d", { inChannels, outChannels, kernelSize });
    const area = kernelSize * kernelSize;
    const shape = [kernelSize, kernelSize, outChannels, inChannels];
    // PyTorch counts the fan of the convolution that this is the transpose of.
    const fan = { in: area * outChannels, out: area * inChannels };
    const made = weightAndBias(key, shape, outChannels, fan, options);
    this.weight = made.weight;
    this.bias = made.bias;
    this.stride = options.stride ?? 1;
    this.padding = options.padding ?? 0;
    this.outputPadding = options.outputPadding ?? 0;
    if (this.outputPadding >= this.stride) {
      throw new Error(
        `ConvTranspose2d: outputPadding must be less than the stride ${this.stride}, got ${this.outputPadding}.`,
      );
    }
  }

  /**
   * x [batch, height, width, in] → [batch, height', width', out],
   * height' = (height − 1)·stride − 2·padding + kernel + outputPadding. The caller disposes of the result.
   */
  forward(x: Tensor): Tensor {
    const [kernelSize, , outChannels, inChannels] = this.weight.shape as [
      number,
      number,
      number,
      number,
    ];
    expectShape("ConvTranspose2d.forward", x, "batch, height, width, channels", 4, inChannels);
    const [batch, height, width] = x.shape as [number, number, number];
    const extra = kernelSize + this.outputPadding - 2 * this.padding;
    const size = (n: number): number => (n - 1) * this.stride + extra;
    return tidy(() => {
      const result = conv2dTranspose(
        x as Tensor4D,
        this.weight as unknown as Tensor4D,
        [batch, size(height), size(width), outChannels],
        this.stride,
        this.padding,
      );
      return this.bias ? add(result, this.bias) : result;
    });
  }
}
