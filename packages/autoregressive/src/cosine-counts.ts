/**
 * How many tokens become known at each step, few at first: after step i of n, count·cos(π/2·i/n) are still unknown
 * (MaskGIT, Chang et al. 2022, arXiv:2202.04200, section 3.2), at least one fewer than before.
 *
 * @returns as many positive numbers as steps; they sum to `count`
 * @throws if there are more steps than tokens, or none
 */
export function cosineCounts(count: number, steps: number): number[] {
  if (!(Number.isInteger(steps) && steps >= 1 && steps <= count)) {
    throw new Error(`cosineCounts: steps must be an integer from 1 to ${count}, got ${steps}`);
  }
  let left = count;
  return Array.from({ length: steps }, (_, i) => {
    const after = Math.floor(count * Math.cos((Math.PI / 2) * ((i + 1) / steps)));
    // One at least now, and one at least for each step to come.
    const next = Math.max(steps - i - 1, Math.min(left - 1, after));
    const drawn = left - next;
    left = next;
    return drawn;
  });
}
