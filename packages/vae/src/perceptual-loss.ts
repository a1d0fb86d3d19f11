import { addN, add, mean, mul, rsqrt, square, sub, sum, type Tensor, tidy } from "@gen/tensor";

/** The maps that a trained network makes of images, layer by layer: each [batch, height, width, channels]. */
export type FeatureMaps = (images: Tensor) => Tensor[];

/**
 * How different two batches of images look to a network: its feature maps, each pixel's channels brought to length 1,
 * compared by squared differences, summed over channels and layers and averaged over pixels and batch. It is LPIPS (Zhang
 * et al. 2018, arXiv:1801.03924, eq. 1) with weights 1, on whichever features are given: those of a classifier of the
 * same data serve well.
 *
 * @returns a scalar; the caller disposes of it
 */
export function perceptualLoss(features: FeatureMaps, x: Tensor, y: Tensor): Tensor {
  return tidy(() => {
    const [first, second] = [features(x), features(y)];
    if (first.length === 0) {
      throw new Error(
        "perceptualLoss: features must give at least one map of the images, got none",
      );
    }
    return addN(
      first.map((map, i) =>
        mean(sum(square(sub(directions(map), directions(second[i] as Tensor))), -1)),
      ),
    );
  });
}

/** Each pixel's channels over their length. The small number keeps the gradient finite where all are 0. */
const directions = (map: Tensor): Tensor => mul(map, rsqrt(add(sum(square(map), -1, true), 1e-10)));
