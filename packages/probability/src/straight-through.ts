import { clone, customGrad, type Tensor } from "@gen/tensor";

/**
 * The value of `hard` with the gradient of `soft`: the straight-through estimator (Bengio et al. 2013,
 * arXiv:1308.3432), for roundings, one-hot codes and codebooks. Biased, and of low variance. The value is `hard` bit for
 * bit, where soft + stopGradient(hard − soft) rounds.
 *
 * @returns the shape of both; the caller disposes of it
 */
export function straightThrough(hard: Tensor, soft: Tensor): Tensor {
  if (`${hard.shape}` !== `${soft.shape}`) {
    throw new Error(
      `straightThrough: hard and soft must have one shape, got [${hard.shape}] and [${soft.shape}]`,
    );
  }
  const op = customGrad(() => ({ value: clone(hard), gradFunc: (dy: Tensor) => dy }));
  return op(soft);
}
