import { erf, erfInv } from "@gen/random";

/** 1 - erf(x), relatively exact for large x too. */
function erfc(x: number): number {
  if (x < 2) return 1 - erf(x);
  let fraction = 0;
  for (let n = 80; n > 0; n--) fraction = n / 2 / (x + fraction);
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * (x + fraction));
}

/** log erfc(x), finite where erfc itself is 0. */
function logErfc(x: number): number {
  if (x < 20) return Math.log(erfc(x));
  let fraction = 0;
  for (let n = 20; n > 0; n--) fraction = n / 2 / (x + fraction);
  return -x * x - Math.log(Math.sqrt(Math.PI) * (x + fraction));
}

/** The probability that a standard normal number is below x. */
export function normalCdf(x: number): number {
  return erfc(-x / Math.SQRT2) / 2;
}

/** The number that a standard normal one is below with probability u in [0, 1]. */
export function normalQuantile(u: number): number {
  if (u === 0) return -Infinity;
  if (u > 0.5) return -normalQuantile(1 - u);
  // `erfInv` is single precision, and infinite at -1: two steps of Newton's method on log Φ double its digits.
  let x = u > 1e-6 ? Math.SQRT2 * erfInv(2 * u - 1) : -Math.sqrt(-2 * Math.log(u));
  for (let i = 0; i < (u > 1e-6 ? 2 : 6); i++) {
    const below = normalCdf(x);
    const density = Math.exp(-(x * x) / 2) / Math.sqrt(2 * Math.PI);
    x -= ((Math.log(below) - Math.log(u)) * below) / density;
  }
  return x;
}

/** The log of the probability that a standard normal number lies in [low, high], in the far tails too. */
export function logNormalInterval(low: number, high: number): number {
  if (low + high < 0) return logNormalInterval(-high, -low); // now the interval is not left of 0
  if (low < 0) return Math.log((erf(high / Math.SQRT2) - erf(low / Math.SQRT2)) / 2);
  const near = logErfc(low / Math.SQRT2);
  if (high === Infinity) return near - Math.LN2;
  return near - Math.LN2 + Math.log(-Math.expm1(logErfc(high / Math.SQRT2) - near));
}
