/**
 * A table of β that ends in noise alone: √ᾱ is shifted to 0 at the last step and scaled so that the first stays (Lin et
 * al. 2023, arXiv:2305.08891, algorithm 1). The last β is 1. A model on it must not predict the noise, which says
 * nothing of the data there.
 *
 * @param betas in (0, 1), at least 2
 * @throws if a β is out of range
 */
export function zeroTerminalSnr(betas: ArrayLike<number>): number[] {
  if (betas.length < 2) {
    throw new Error(`zeroTerminalSnr: betas must hold at least 2 numbers, got ${betas.length}`);
  }
  let bar = 1;
  const roots = Array.from(betas, (beta, i) => {
    if (!(beta > 0 && beta < 1)) {
      throw new Error(`zeroTerminalSnr: betas must be in (0, 1), got ${beta} at place ${i}`);
    }
    bar *= 1 - beta;
    return Math.sqrt(bar);
  });
  const first = roots[0] as number;
  const last = roots.at(-1) as number;
  const moved = roots.map((root) => ((root - last) * first) / (first - last));
  return moved.map((root, i) =>
    i === 0 ? (betas[0] as number) : 1 - (root / (moved[i - 1] as number)) ** 2,
  );
}
