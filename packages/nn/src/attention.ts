import { add, matMul, mul, softmax, type Tensor, tidy } from "@gen/tensor";

/** Added to a score, hides its key: far below any score, and finite, since a row of -Infinity would be NaN. */
export const HIDDEN = -1e9;

/**
 * softmax(q·kᵀ/√d + mask)·v for each sample and head (Vaswani et al., arXiv:1706.03762 eq. 1), as
 * `torch.nn.functional.scaled_dot_product_attention`.
 *
 * @param q [batch, heads, queries, d]
 * @param k [batch, heads, keys, d]
 * @param v [batch, heads, keys, d']
 * @param mask added to the scores: broadcastable to [batch, heads, queries, keys]; a large negative number hides a key
 * @returns [batch, heads, queries, d']; the caller disposes of it
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, mask?: Tensor): Tensor {
  return tidy(() => {
    const scaled = mul(q, 1 / Math.sqrt(q.shape[3] as number));
    const scores = matMul(scaled, k, false, true);
    return matMul(softmax(mask ? add(scores, mask) : scores), v);
  });
}
