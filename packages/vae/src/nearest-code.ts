import { argMin, matMul, mul, square, sub, sum, type Tensor, tidy } from "@gen/tensor";

/**
 * For each vector [n, features] the closest row of a codebook [codes, features], by Euclidean distance.
 *
 * @returns int32 [n]; the caller disposes of it
 */
export function nearestCode(vectors: Tensor, codebook: Tensor): Tensor {
  return tidy(() => {
    const products = matMul(vectors, codebook, false, true);
    return argMin(sub(sum(square(codebook), 1), mul(products, 2)), 1);
  });
}
