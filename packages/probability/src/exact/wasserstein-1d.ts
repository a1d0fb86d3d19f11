/**
 * The Wasserstein distance W_p of two sets of numbers, exactly: on a line the optimal plan keeps the order, so W_p^p is
 * the integral of |F⁻¹(u) - G⁻¹(u)|^p over u. The sets may differ in size.
 *
 * @param power p ≥ 1
 */
export function wasserstein1d(x: ArrayLike<number>, y: ArrayLike<number>, power = 1): number {
  if (x.length === 0 || y.length === 0) {
    throw new Error(
      `wasserstein1d: x and y must not be empty, got ${x.length} and ${y.length} numbers`,
    );
  }
  if (!(power >= 1 && power < Infinity)) {
    throw new Error(`wasserstein1d: power must be a number ≥ 1, got ${power}`);
  }
  const xs = Float64Array.from(x).sort();
  const ys = Float64Array.from(y).sort();
  // Both quantile functions are steps; u runs in units of 1/(x.length·y.length), so that no step is lost to rounding.
  let sum = 0;
  let u = 0;
  for (let i = 0, j = 0; i < xs.length && j < ys.length;) {
    const nextX = (i + 1) * ys.length;
    const nextY = (j + 1) * xs.length;
    const next = Math.min(nextX, nextY);
    sum += (next - u) * Math.abs(xs[i]! - ys[j]!) ** power;
    u = next;
    if (next === nextX) i++;
    if (next === nextY) j++;
  }
  return (sum / (xs.length * ys.length)) ** (1 / power);
}
