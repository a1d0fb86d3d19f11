import { init, parameter, type TorchAxes } from "@gen/nn";
import {
  add,
  conv2d,
  type Key,
  mul,
  pad,
  slice,
  split,
  type Tensor,
  tensor,
  type Tensor4D,
  tidy,
  type Variable,
} from "@gen/tensor";

/** What a pixel sees: rows from `top` above it to `bottom` below it, columns from `left` to `right` of it. */
export interface Window {
  readonly top: number;
  /** 0 or less: −1 ends the window one row above. */
  readonly bottom: number;
  readonly left: number;
  /** Negative: the window ends left of the pixel. */
  readonly right: number;
}

export interface WindowConv2dOptions {
  /** Default 1. Output (i, j) then stands at (stride·i, stride·j). */
  readonly stride?: number;
  /**
   * The masks of van den Oord et al. 2016 (arXiv:1601.06759, section 3.4) on the window's last row: what is right of
   * the pixel is never seen, and of the pixel itself the groups before an output's own, with "B" its own too. Feature i
   * belongs to group i mod `groups`. Default: no mask.
   */
  readonly mask?: "A" | "B";
  /** How many channels of a pixel follow one another. Default 1. */
  readonly groups?: number;
  readonly init?: init.Init;
}

/**
 * Convolution over a window beside or above each pixel, with zeros outside of the image. One layer for all causal
 * ones: masked (PixelCNN), of vertical and horizontal stacks (gated PixelCNN), down- and right-shifted (PixelCNN++).
 * `weight` [rows, columns, in, out] has only the window's taps; `bias` [out].
 */
export class WindowConv2d {
  static readonly torchAxes: TorchAxes = { weight: [2, 3, 1, 0] };
  readonly weight: Variable;
  readonly bias: Variable;
  readonly window: Window;
  readonly stride: number;
  readonly mask: Float32Array | undefined;

  /** @throws if the window is empty or reaches below the pixel, or features do not fit in the groups */
  constructor(
    key: Key,
    inFeatures: number,
    outFeatures: number,
    window: Window,
    options: WindowConv2dOptions = {},
  ) {
    const { stride = 1, mask, groups = 1 } = options;
    const [rows, columns] = [window.top + window.bottom + 1, window.left + window.right + 1];
    if (!(window.bottom <= 0 && rows > 0 && columns > 0 && window.top >= 0 && window.left >= 0)) {
      throw new Error(
        `WindowConv2d: window must have a row and a column and none below the pixel, got ${JSON.stringify(window)}`,
      );
    }
    if (inFeatures % groups !== 0 || outFeatures % groups !== 0) {
      throw new Error(
        `WindowConv2d: features must be a multiple of the ${groups} groups, got ${inFeatures} and ${outFeatures}`,
      );
    }
    const shape = [rows, columns, inFeatures, outFeatures];
    const fan = { in: rows * columns * inFeatures, out: rows * columns * outFeatures };
    const [weightKey, biasKey] = split(key, 2) as [Key, Key];
    const start = options.init ?? init.kaimingUniform;
    const biasStart = options.init ? init.zeros : init.kaimingUniform;
    this.weight = parameter(start(weightKey, shape, fan), shape);
    this.bias = parameter(biasStart(biasKey, [outFeatures], fan), [outFeatures]);
    this.window = window;
    this.stride = stride;
    this.mask = mask && maskOf(shape, window, mask, groups);
  }

  /** x [batch, height, width, in] → [batch, ⌈height / stride⌉, ⌈width / stride⌉, out]. The caller disposes of it. */
  forward(x: Tensor): Tensor {
    const inFeatures = this.weight.shape[2] as number;
    if (x.rank !== 4 || x.shape[3] !== inFeatures) {
      throw new Error(
        `WindowConv2d.forward: x must be [batch, height, width, ${inFeatures}], got [${x.shape.join(", ")}]`,
      );
    }
    return tidy(() => {
      const { weight, mask } = this;
      const filter = mask ? mul(weight, tensor(mask, weight.shape)) : weight;
      const seen = framed(x, this.window) as Tensor4D;
      return add(conv2d(seen, filter as Tensor4D, this.stride, "valid"), this.bias);
    });
  }
}

/** The image with as many zeros around it as the window reaches beyond, without what no window reaches. */
function framed(x: Tensor, { top, bottom, left, right }: Window): Tensor {
  const [batch, height, width, features] = x.shape as [number, number, number, number];
  const ahead = Math.max(right, 0);
  const padded =
    top + left + ahead === 0
      ? x
      : pad(x, [
          [0, 0],
          [top, 0],
          [left, ahead],
          [0, 0],
        ]);
  if (bottom === 0 && right >= 0) return padded;
  return slice(
    padded,
    [0, 0, 0, 0],
    [batch, height + top + bottom, width + left + right, features],
  );
}

function maskOf(
  [rows, columns, inFeatures, outFeatures]: readonly number[],
  { left }: Window,
  kind: "A" | "B",
  groups: number,
): Float32Array {
  const mask: number[] = [];
  for (let row = 0; row < rows!; row++) {
    for (let column = 0; column < columns!; column++) {
      for (let i = 0; i < inFeatures!; i++) {
        for (let o = 0; o < outFeatures!; o++) {
          const [from, to] = [i % groups, o % groups];
          const before = row < rows! - 1 || column < left;
          const itself = column === left && (kind === "A" ? from < to : from <= to);
          mask.push(before || itself ? 1 : 0);
        }
      }
    }
  }
  return Float32Array.from(mask);
}
