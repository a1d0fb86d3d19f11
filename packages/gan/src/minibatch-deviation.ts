import {
  add,
  concat,
  mean,
  reshape,
  sqrt,
  square,
  sub,
  type Tensor,
  tidy,
  tile,
} from "@gen/tensor";

/**
 * One more channel that says how much the images of a group differ (Karras et al. 2018, arXiv:1710.10196, section 3;
 * in groups as StyleGAN's): the deviation over the group of each number, averaged over all of them. A generator whose
 * images are all alike is found out by it.
 *
 * @param x [batch, height, width, channels]
 * @param group images in a group, cut to the batch; a divisor of it. Default 4. Images batch/group apart are one group.
 * @returns [batch, height, width, channels + 1]; the caller disposes of it
 */
export function minibatchDeviation(x: Tensor, group: number = 4): Tensor {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const size = Math.min(group, batch);
  if (batch % size !== 0) {
    throw new Error(
      `minibatchDeviation: the batch must be a multiple of group = ${size}, got ${batch} images`,
    );
  }
  return tidy(() => {
    const groups = reshape(x, [size, batch / size, height * width * channels]);
    const variance = mean(square(sub(groups, mean(groups, 0, true))), 0);
    const deviation = mean(sqrt(add(variance, 1e-8)), 1);
    const each = tile(reshape(deviation, [1, batch / size, 1, 1, 1]), [size, 1, height, width, 1]);
    return concat([x, reshape(each, [batch, height, width, 1])], 3);
  });
}
