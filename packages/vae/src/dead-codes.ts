import { gather, type Key, less, randint, reshape, type Tensor, where } from "@gen/tensor";

/**
 * A codebook in which codes of too little use are replaced by vectors drawn from the batch (Dhariwal et al. 2020,
 * arXiv:2005.00341, section 3.1). Inside a tidy.
 *
 * @param usage [codes]: 1 where a code is used as often as the average one
 * @returns the codebook, and [codes, 1] bool: which are new
 */
export function restartDeadCodes(
  key: Key,
  vectors: Tensor,
  { codebook, usage, below }: { codebook: Tensor; usage: Tensor; below: number },
): { codebook: Tensor; dead: Tensor } {
  const codes = codebook.shape[0] as number;
  const dead = reshape(less(usage, below), [codes, 1]);
  const drawn = gather(vectors, randint(key, [codes], 0, vectors.shape[0] as number));
  return { codebook: where(dead, drawn, codebook), dead };
}
