import { attention } from "@gen/nn";
import { concat, slice, type Tensor, tidy } from "@gen/tensor";

/** Queries that are worked on at once. */
const BLOCK = 196;

/**
 * Attention of each token to itself and those before. Block by block of queries, so that what is hidden from all of a
 * block is never computed: of long sequences about half.
 *
 * @param q [batch, heads, tokens, d], as `k` and `v`
 * @param mask of `causalMask(tokens)`
 * @returns the same shape; the caller disposes of it
 */
export function causalSelfAttention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor): Tensor {
  const tokens = q.shape[2] as number;
  return tidy(() => {
    if (tokens <= BLOCK) return attention(q, k, v, mask);
    const blocks: Tensor[] = [];
    for (let start = 0; start < tokens; start += BLOCK) {
      const end = Math.min(start + BLOCK, tokens);
      const rows = (x: Tensor, from: number): Tensor =>
        slice(x, [0, 0, from, 0], [-1, -1, end - from, -1]);
      const seen = slice(mask, [start, 0], [end - start, end]);
      blocks.push(attention(rows(q, start), rows(k, 0), rows(v, 0), seen));
    }
    return concat(blocks, 2);
  });
}
