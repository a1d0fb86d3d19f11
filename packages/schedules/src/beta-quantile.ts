/** The number below which a share u of a Beta(α, β) distribution lies. */
export function betaQuantile(u: number, alpha: number, beta: number): number {
  // Bisection in log x or log(1 - x), whichever is the nearer end: quantiles near it keep their digits.
  if (u > 0.5) return 1 - betaQuantileBelow(1 - u, beta, alpha);
  return betaQuantileBelow(u, alpha, beta);
}

function betaQuantileBelow(u: number, alpha: number, beta: number): number {
  let [low, high] = [-740, 0];
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (betaCdf(Math.exp(middle), alpha, beta) < u) low = middle;
    else high = middle;
  }
  return Math.exp((low + high) / 2);
}

/** The regularized incomplete beta function, by its continued fraction (Numerical Recipes, section 6.4). */
export function betaCdf(x: number, alpha: number, beta: number): number {
  if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
  if (x > (alpha + 1) / (alpha + beta + 2)) return 1 - betaCdf(1 - x, beta, alpha);
  const log =
    logGamma(alpha + beta) -
    logGamma(alpha) -
    logGamma(beta) +
    alpha * Math.log(x) +
    beta * Math.log1p(-x);
  let [c, d] = [1, 1 / (1 - ((alpha + beta) * x) / (alpha + 1))];
  let fraction = d;
  for (let m = 1; m < 300; m++) {
    const even = (m * (beta - m) * x) / ((alpha + 2 * m - 1) * (alpha + 2 * m));
    d = 1 / (1 + even * d);
    c = 1 + even / c;
    fraction *= d * c;
    const odd = (-(alpha + m) * (alpha + beta + m) * x) / ((alpha + 2 * m) * (alpha + 2 * m + 1));
    d = 1 / (1 + odd * d);
    c = 1 + odd / c;
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return (Math.exp(log) * fraction) / alpha;
}

/** log Γ by Stirling's series, of a number that is raised to 10 or more first. */
function logGamma(x: number): number {
  let shift = 0;
  while (x < 10) shift -= Math.log(x++);
  const r = 1 / (x * x);
  const series = (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680 - r / 1188)))) / x;
  return shift + (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + series;
}
