/**
 * log Γ(x) for x > 0 in float64, so that log n! = logGamma(n + 1): Stirling's series above 15, and below it the
 * recurrence Γ(x + 1) = x·Γ(x). Relative error about 1e-15 of max(1, |log Γ|).
 *
 * @throws where x is not above 0
 */
export function logGamma(x: number): number {
  if (!(x > 0)) throw new Error(`logGamma: x must be above 0, got ${x}`);
  let product = 1;
  let large = x;
  for (; large < 15; large++) product *= large;
  return stirling(large, 8) - Math.log(product);
}

/** B_2k / (2k(2k − 1)) for k = 1, 2, …: the coefficients of 1/x^(2k−1). */
const corrections = [
  1 / 12,
  -1 / 360,
  1 / 1260,
  -1 / 1680,
  1 / 1188,
  -691 / 360360,
  1 / 156,
  -3617 / 122400,
];

/**
 * Stirling's approximation of log Γ(x) = (x − ½)·log x − x + ½·log 2π + 1/12x − …; for log n! take x = n + 1. An
 * asymptotic series: exact in the limit of large x, and for a given x worse again after some number of terms.
 *
 * @param terms how many corrections, 0 (the default, the classical formula) to 8
 */
export function stirling(x: number, terms = 0): number {
  if (!(x > 0)) throw new Error(`stirling: x must be above 0, got ${x}`);
  if (!(Number.isInteger(terms) && terms >= 0 && terms <= corrections.length)) {
    throw new Error(`stirling: terms must be an integer from 0 to 8, got ${terms}`);
  }
  let series = 0;
  for (let k = terms - 1; k >= 0; k--) series = series / (x * x) + corrections[k]!;
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series / x;
}
