import { checkCount } from "./check.ts";
import type { Path } from "./path.ts";

/** A table of β from `start` to `end`. */
export interface BetaTable {
  /** How many. Default 1000. */
  steps?: number;
  /** The first β. */
  start?: number;
  /** The last β. */
  end?: number;
}

/**
 * DDPM's table, evenly spaced from 1e-4 to 0.02 (Ho et al. 2020, arXiv:2006.11239, section 4): `sqrt_linear` of latent
 * diffusion's code.
 */
export function linearBetas(options: BetaTable = {}): number[] {
  return spaced("linearBetas", options, [1e-4, 0.02], (share, start, end) =>
    mix(start, end, share),
  );
}

/**
 * The table of latent diffusion and Stable Diffusion, √β evenly spaced, from 0.00085 to 0.012 (Rombach et al. 2022,
 * arXiv:2112.10752): diffusers' `scaled_linear`, and what that paper's own code calls `linear`.
 */
export function scaledLinearBetas(options: BetaTable = {}): number[] {
  return spaced(
    "scaledLinearBetas",
    options,
    [0.00085, 0.012],
    (share, start, end) => mix(Math.sqrt(start), Math.sqrt(end), share) ** 2,
  );
}

/** β evenly spaced in the sigmoid's argument from -6 to 6, as in GeoDiff (arXiv:2203.02923): diffusers' `sigmoid`. */
export function sigmoidBetas(options: BetaTable = {}): number[] {
  return spaced("sigmoidBetas", options, [1e-4, 0.02], (share, start, end) =>
    mix(start, end, 1 / (1 + Math.exp(6 - 12 * share))),
  );
}

/** √ of evenly spaced numbers: `sqrt` of latent diffusion's code, from 1e-4 to 0.02. */
export function sqrtBetas(options: BetaTable = {}): number[] {
  return spaced("sqrtBetas", options, [1e-4, 0.02], (share, start, end) =>
    Math.sqrt(mix(start, end, share)),
  );
}

/** The same β at every step: `const` of DDPM's code. Default 0.02. */
export function constantBetas({
  steps = 1000,
  beta = 0.02,
}: { steps?: number; beta?: number } = {}): number[] {
  return spaced("constantBetas", { steps, start: beta, end: beta }, [beta, beta], () => beta);
}

/**
 * Evenly spaced for the first share of the steps, then constant: `warmup10` and `warmup50` of DDPM's code.
 *
 * @param warmup the share of the steps, in (0, 1]. Default 0.1.
 */
export function warmupBetas({
  warmup = 0.1,
  ...options
}: BetaTable & { warmup?: number } = {}): number[] {
  if (!(warmup > 0 && warmup <= 1)) {
    throw new Error(`warmupBetas: warmup must be a share of the steps in (0, 1], got ${warmup}`);
  }
  const { steps = 1000 } = options;
  checkCount("warmupBetas", "steps", steps, 2);
  const rising = Math.floor(steps * warmup);
  return spaced("warmupBetas", options, [1e-4, 0.02], (share, start, end) => {
    const i = Math.round(share * (steps - 1));
    return i < rising ? mix(start, end, rising > 1 ? i / (rising - 1) : 0) : end;
  });
}

/** β_t = 1/(T - t + 1), after which nothing is left: `jsd` of DDPM's code (Sohl-Dickstein et al. 2015, arXiv:1503.03585). */
export function jsdBetas({ steps = 1000 }: { steps?: number } = {}): number[] {
  checkCount("jsdBetas", "steps", steps, 2);
  return Array.from({ length: steps }, (_, i) => 1 / (steps - i));
}

/**
 * The table of a path in even steps of its time, β_t = 1 - ᾱ(t/T)/ᾱ((t-1)/T) with ᾱ = a², at most `max` (Nichol and
 * Dhariwal 2021, arXiv:2102.09672, section 3.2): `betasOfPath(cosine())` is their cosine table, diffusers'
 * `squaredcos_cap_v2`.
 *
 * @param path a variance-preserving one, a² + b² = 1
 * @param options how many, default 1000, and the largest, default 0.999
 * @throws if the path does not preserve variance
 */
export function betasOfPath(
  path: Path,
  { steps = 1000, max = 0.999 }: { steps?: number; max?: number } = {},
): number[] {
  checkCount("betasOfPath", "steps", steps, 2);
  if (!(max > 0 && max <= 1)) throw new Error(`betasOfPath: max must be in (0, 1], got ${max}`);
  const bar = (i: number): number => path.a((path.end * i) / steps) ** 2;
  return Array.from({ length: steps }, (_, i) => {
    const variance = bar(i) + path.b((path.end * i) / steps) ** 2;
    if (!(Math.abs(variance - 1) < 1e-9)) {
      throw new Error(
        `betasOfPath: the path ${path.name} must preserve variance, a² + b² = 1, got ${variance} at step ${i}; ` +
          `pathOfLogSnr makes such a path of its log-SNR`,
      );
    }
    return Math.min(max, 1 - bar(i + 1) / bar(i));
  });
}

function mix(from: number, to: number, share: number): number {
  return from * (1 - share) + to * share; // exact at both ends
}

function spaced(
  name: string,
  { steps = 1000, ...range }: BetaTable,
  [startDefault, endDefault]: readonly [number, number],
  beta: (share: number, start: number, end: number) => number,
): number[] {
  const { start = startDefault, end = endDefault } = range;
  checkCount(name, "steps", steps, 2);
  for (const [argument, value] of Object.entries({ start, end })) {
    if (!(value > 0 && value < 1))
      throw new Error(`${name}: ${argument} must be in (0, 1), got ${value}`);
  }
  if (end < start) throw new Error(`${name}: end must not be below start = ${start}, got ${end}`);
  return Array.from({ length: steps }, (_, i) => beta(i / (steps - 1), start, end));
}
