import { mul, reshape, sum, type Tensor, tidy, tile } from "@gen/tensor";
import { differentiable } from "./differentiable.ts";

/**
 * Every pixel twice in both directions: [batch, height, width, channels] → [batch, 2·height, 2·width, channels], as
 * `torch.nn.Upsample(scale_factor=2, mode="nearest")`. The caller disposes of the result.
 */
export const upsampleNearest: (x: Tensor) => Tensor = differentiable(
  (x) => {
    const [batch, height, width, channels] = imageShape("upsampleNearest", x);
    const pixels = reshape(x, [batch * height, 1, width, 1, channels]);
    return reshape(tile(pixels, [1, 2, 1, 2, 1]), [batch, 2 * height, 2 * width, channels]);
  },
  (dy) => sumPool(dy),
);

/** Sums of the 2 × 2 squares: the adjoint of `upsampleNearest`. */
const sumPool: (x: Tensor) => Tensor = differentiable(
  (x) => {
    const [batch, height, width, channels] = x.shape as [number, number, number, number];
    const rows = sum(reshape(x, [(batch * height) / 2, 2, width * channels]), 1);
    const squares = sum(reshape(rows, [(batch * height * width) / 4, 2, channels]), 1);
    return reshape(squares, [batch, height / 2, width / 2, channels]);
  },
  (dy) => upsampleNearest(dy),
);

/**
 * Means of the 2 × 2 squares: [batch, height, width, channels] → [batch, height/2, width/2, channels], as
 * `torch.nn.AvgPool2d(2)` where height and width are even, as they must be. The caller disposes of the result.
 */
export function averagePool(x: Tensor): Tensor {
  const [, height, width] = imageShape("averagePool", x);
  if (height % 2 !== 0 || width % 2 !== 0) {
    throw new Error(`averagePool: height and width must be even, got ${height} × ${width}.`);
  }
  return tidy(() => mul(sumPool(x), 0.25));
}

function imageShape(caller: string, x: Tensor): [number, number, number, number] {
  if (x.rank !== 4) {
    throw new Error(
      `${caller}: x must be [batch, height, width, channels], got [${x.shape.join(", ")}].`,
    );
  }
  return x.shape as [number, number, number, number];
}
