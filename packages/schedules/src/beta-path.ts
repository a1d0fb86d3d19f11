import type { Path } from "./path.ts";

/** A path made of a table: besides a and b at any time, what a step of the table does. */
export interface BetaPath extends Path {
  /** β_1 … β_T at the places 0 … T - 1: the variance that each step adds. */
  readonly betas: readonly number[];
  /** ᾱ_1 … ᾱ_T = a², at the same places: the products of 1 - β. */
  readonly alphasBar: readonly number[];
  /** σ_1 … σ_T = b/a, at the same places: the noise levels of k-diffusion and EDM. */
  readonly sigmas: readonly number[];
}

/**
 * The path of a table of β, at the paper's times t = 1 … T (Ho et al. 2020, arXiv:2006.11239, eq. 4): a² = ᾱ_t, the
 * product of the first t of 1 - β (the lecture notes write the product of all T), b² = 1 - ᾱ_t. t = 0 is data, and a
 * network that counts from 0 takes t - 1.
 *
 * Exact at whole times. Between them the log-SNR is linear in t, as in k-diffusion and diffusers; before t = 1, where
 * it has no bound, b is linear, and so is a after T - 1 if the last SNR is 0.
 *
 * @param betas in (0, 1), at least 2; only the last may be 1, for an SNR of 0 at the end
 * @throws if a β is out of range
 */
export function betaPath(betas: ArrayLike<number>, name = "betaPath"): BetaPath {
  const table = Array.from(betas);
  checkBetas(name, table);
  const last = table.length;
  const alphasBar: number[] = [];
  const lambda = [Infinity];
  let signal = 1;
  let noise = 0;
  for (const beta of table) {
    signal *= 1 - beta;
    noise = beta + (1 - beta) * noise; // 1 - ᾱ without cancelling
    alphasBar.push(signal);
    lambda.push(Math.log(signal) - Math.log(noise));
  }
  const firstNoise = Math.sqrt(table[0] as number);
  const lastSignal = Math.sqrt(alphasBar[last - 2] as number);
  const endsInNoise = signal === 0;

  /** The table's interval of a time: what lies in it, and how its λ is made. */
  const before = (t: number): number => {
    if (!(t >= 0 && t <= last)) {
      throw new Error(`${name}: t must be a time of the path, in [0, ${last}], got ${t}`);
    }
    return Math.min(Math.floor(t), last - 1);
  };
  const linear = (i: number): boolean => i > 0 && !(endsInNoise && i === last - 1);
  const slope = (i: number): number => at(lambda, i + 1) - at(lambda, i);
  const logSnr = (t: number): number => {
    const i = before(t);
    if (linear(i)) return at(lambda, i) + (t - i) * slope(i);
    return 2 * Math.log(a(t) / b(t));
  };
  const a = (t: number): number => {
    const i = before(t);
    if (i === 0) return Math.sqrt(1 - (firstNoise * t) ** 2);
    if (!linear(i)) return lastSignal * (last - t);
    if (t === i) return Math.sqrt(at(alphasBar, i - 1));
    return 1 / Math.sqrt(1 + Math.exp(-logSnr(t)));
  };
  const b = (t: number): number => {
    const i = before(t);
    if (i === 0) return firstNoise * t;
    if (!linear(i)) return Math.sqrt(1 - (lastSignal * (last - t)) ** 2);
    return 1 / Math.sqrt(1 + Math.exp(logSnr(t)));
  };
  return {
    name,
    end: last,
    betas: Object.freeze(table),
    alphasBar: Object.freeze(alphasBar),
    sigmas: Object.freeze(lambda.slice(1).map((l) => Math.exp(-l / 2))),
    a,
    b,
    aPrime: (t) => {
      const i = before(t);
      if (i === 0) return (-(firstNoise ** 2) * t) / a(t);
      return linear(i) ? (a(t) * b(t) ** 2 * slope(i)) / 2 : -lastSignal;
    },
    bPrime: (t) => {
      const i = before(t);
      if (i === 0) return firstNoise;
      return linear(i) ? (-b(t) * a(t) ** 2 * slope(i)) / 2 : (lastSignal ** 2 * (last - t)) / b(t);
    },
    logSnr,
    inverseLogSnr: (wanted) => {
      if (wanted >= at(lambda, 1)) return 1 / (firstNoise * Math.sqrt(1 + Math.exp(wanted)));
      const lowest = at(lambda, last);
      if (!(wanted >= lowest)) {
        // What was computed from the last time itself may lie a rounding below it.
        if (wanted > lowest - 1e-9) return last;
        throw new Error(
          `${name}: the log-SNR of this path ends at ${lowest}, got ${wanted}; take less noise`,
        );
      }
      let [low, high] = [1, last];
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (at(lambda, middle) >= wanted) low = middle;
        else high = middle;
      }
      if (!linear(low)) return last - 1 / (lastSignal * Math.sqrt(1 + Math.exp(-wanted)));
      return low + (wanted - at(lambda, low)) / slope(low);
    },
  };
}

function at(values: readonly number[], i: number): number {
  return values[i] as number;
}

function checkBetas(name: string, betas: readonly number[]): void {
  if (betas.length < 2) {
    throw new Error(`${name}: betas must hold at least 2 numbers, got ${betas.length}`);
  }
  betas.forEach((beta, i) => {
    if (!(beta > 0 && (beta < 1 || (beta === 1 && i === betas.length - 1)))) {
      throw new Error(
        `${name}: betas must be in (0, 1), and only the last may be 1, got ${beta} at place ${i}`,
      );
    }
  });
}
