import {
  cast,
  div,
  exp,
  greater,
  log,
  maximum,
  mean,
  mul,
  onesLike,
  reshape,
  sum,
  type Tensor,
  tidy,
  unsortedSegmentSum,
} from "@gen/tensor";

/** How often each code occurs among indices of any shape: [codes]. The caller disposes of it. */
export function codeCounts(indices: Tensor, codes: number): Tensor {
  return tidy(() => {
    const flat = reshape(indices, [-1]) as Tensor & { rank: 1 };
    return unsortedSegmentSum(cast(onesLike(flat), "float32"), flat as never, codes);
  });
}

/**
 * How well a codebook is used: `perplexity`, e to the entropy of the codes (as many as there are where all are equally
 * frequent), and `usage`, the share of them that occurs at all. Of a batch with fewer vectors than codes both are low by
 * necessity: to report them, take the indices of a whole test set.
 *
 * @param indices int32, any shape
 * @returns scalars; the caller disposes of them
 */
export function codeStatistics(
  indices: Tensor,
  codes: number,
): Record<"perplexity" | "usage", Tensor> {
  return tidy(() => {
    const counts = codeCounts(indices, codes);
    const p = div(counts, indices.size);
    const entropy = mul(sum(mul(p, log(maximum(p, 1e-20)))), -1);
    return { perplexity: exp(entropy), usage: mean(cast(greater(counts, 0), "float32")) };
  });
}
