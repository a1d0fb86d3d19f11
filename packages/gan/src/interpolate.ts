import {
  acos,
  add,
  clipByValue,
  div,
  less,
  mul,
  norm,
  sin,
  sum,
  type Tensor,
  tidy,
  where,
} from "@gen/tensor";

/**
 * Latents on the straight line from a to b.
 *
 * @param a [..., latents]
 * @param b the same shape
 * @param t 0 gives a, 1 gives b
 * @returns the same shape; the caller disposes of it
 */
export function lerpLatents(a: Tensor, b: Tensor, t: number): Tensor {
  return tidy(() => add(mul(1 - t, a), mul(t, b)));
}

/**
 * Latents on the great circle from a to b (White 2016, arXiv:1609.04468, section 2.1): between normal latents of many
 * numbers it keeps their length, where the straight line passes through lengths that the generator has never seen.
 *
 * @param a [..., latents]
 * @param b the same shape
 * @param t 0 gives a, 1 gives b; where both have one direction, the straight line
 * @returns the same shape; the caller disposes of it
 */
export function slerpLatents(a: Tensor, b: Tensor, t: number): Tensor {
  return tidy(() => {
    const lengths = mul(norm(a, 2, -1, true), norm(b, 2, -1, true));
    const angle = acos(clipByValue(div(sum(mul(a, b), -1, true), lengths), -1, 1));
    const flat = less(sin(angle), 1e-4);
    const sine = where(flat, add(mul(0, angle), 1), sin(angle));
    const share = (s: number): Tensor =>
      where(flat, add(mul(0, angle), s), div(sin(mul(s, angle)), sine));
    return add(mul(share(1 - t), a), mul(share(t), b));
  });
}
