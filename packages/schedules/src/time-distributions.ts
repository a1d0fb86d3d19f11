import { checkPositive } from "./check.ts";
import { normalQuantile } from "./normal.ts";
import type { Path } from "./path.ts";
import { shiftedTime } from "./shifted-time.ts";
import type { TimeDistribution } from "./time-distribution.ts";

/** The mean and the standard deviation of a normal number n. */
export interface Normal {
  readonly mean?: number;
  /** Above 0. */
  readonly std?: number;
}

/** All times of [0, 1] alike. */
export const uniform: TimeDistribution = {
  name: "uniform",
  quantile: (u) => u,
  density: (t) => (t >= 0 && t <= 1 ? 1 : 0),
};

/**
 * Logit-normal: t = sigmoid(n), which prefers the middle of (0, 1) (Esser et al. 2024, arXiv:2403.03206, eq. 19). Not
 * log-normal, as the lecture notes translate it: that is `logNormal`.
 *
 * @param options mean 0, above it prefers noise, and std 1
 */
export function logitNormal(options: Normal = {}): TimeDistribution {
  const { mean, std } = checkedNormal("logitNormal", options, { mean: 0, std: 1 });
  return {
    name: "logitNormal",
    quantile: (u) => 1 / (1 + Math.exp(-(mean + std * normalQuantile(u)))),
    density: (t) =>
      t > 0 && t < 1
        ? normalDensity((Math.log(t / (1 - t)) - mean) / std) / (std * t * (1 - t))
        : 0,
  };
}

/**
 * Log-normal noise levels, σ = exp(n): EDM's (Karras et al. 2022, arXiv:2206.00364, table 1).
 *
 * @param options mean -1.2 and std 1.2
 */
export function logNormal(options: Normal = {}): TimeDistribution {
  const { mean, std } = checkedNormal("logNormal", options, { mean: -1.2, std: 1.2 });
  return {
    name: "logNormal",
    quantile: (u) => Math.exp(mean + std * normalQuantile(u)),
    density: (sigma) =>
      sigma > 0 ? normalDensity((Math.log(sigma) - mean) / std) / (std * sigma) : 0,
  };
}

/**
 * Two halves of log-normal noise levels with their own widths, σ = exp(location ± |n|·width), joined without a jump.
 *
 * @param options the location of log σ, and the widths below and above it
 */
export function splitLogNormal({
  location,
  below,
  above,
}: {
  location: number;
  below: number;
  above: number;
}): TimeDistribution {
  checkPositive("splitLogNormal", "below", below);
  checkPositive("splitLogNormal", "above", above);
  const share = below / (below + above);
  return {
    name: "splitLogNormal",
    quantile: (u) =>
      u < share
        ? Math.exp(location + below * normalQuantile(u / share / 2))
        : Math.exp(location - above * normalQuantile((1 - u) / (1 - share) / 2)),
    density: (sigma) => {
      if (!(sigma > 0)) return 0;
      const n = Math.log(sigma) - location;
      return (2 * normalDensity(n / (n < 0 ? below : above))) / ((below + above) * sigma);
    },
  };
}

/** The ends of noise levels. */
export interface Truncation {
  /** The lowest. */
  readonly min?: number;
  /** The highest. */
  readonly max?: number;
}

/** Noise levels whose logarithms are uniform. Default from 0.002 to 80. */
export function logUniform({ min = 0.002, max = 80 }: Truncation = {}): TimeDistribution {
  checkTruncation("logUniform", min, max);
  checkPositive("logUniform", "min", min);
  const range = Math.log(max / min);
  return {
    name: "logUniform",
    quantile: (u) => min * Math.exp(range * u),
    density: (sigma) => (sigma >= min && sigma <= max ? 1 / (range * sigma) : 0),
  };
}

/**
 * Noise levels whose logarithms are logistic, between two ends (k-diffusion).
 *
 * @param options the location and the scale of log σ, 0 and 1, and the ends, 0 and ∞
 */
export function logLogistic({
  location = 0,
  scale = 1,
  min = 0,
  max = Infinity,
}: Truncation & { location?: number; scale?: number } = {}): TimeDistribution {
  checkTruncation("logLogistic", min, max);
  checkPositive("logLogistic", "scale", scale);
  const cdf = (sigma: number): number => 1 / (1 + Math.exp((location - Math.log(sigma)) / scale));
  const [first, last] = [cdf(min), cdf(max)];
  return {
    name: "logLogistic",
    quantile: (u) => {
      const p = first + (last - first) * u;
      return Math.exp(location + scale * Math.log(p / (1 - p)));
    },
    density: (sigma) => {
      if (!(sigma > 0 && sigma >= min && sigma <= max)) return 0;
      const p = cdf(sigma);
      return (p * (1 - p)) / (scale * sigma * (last - first));
    },
  };
}

/**
 * The noise levels of `trigonometric` at uniform times, σ = σ_data·tan(πu/2), between two ends: v-diffusion (Salimans
 * and Ho 2022, arXiv:2202.00512; k-diffusion).
 *
 * @param options σ_data, default 1, and the ends, 0 and ∞
 */
export function vDiffusion({
  sigmaData = 1,
  min = 0,
  max = Infinity,
}: Truncation & { sigmaData?: number } = {}): TimeDistribution {
  checkTruncation("vDiffusion", min, max);
  checkPositive("vDiffusion", "sigmaData", sigmaData);
  const [first, last] = [Math.atan(min / sigmaData), Math.atan(max / sigmaData)];
  return {
    name: "vDiffusion",
    quantile: (u) => sigmaData * Math.tan(first + (last - first) * u),
    density: (sigma) =>
      sigma >= min && sigma <= max
        ? sigmaData / ((sigmaData ** 2 + sigma ** 2) * (last - first))
        : 0,
  };
}

/**
 * The noise levels of simple diffusion's interpolated cosine schedule at uniform times: shifted to the noise of
 * `noiseLow` pixels near noise, and of `noiseHigh` near data (Hoogeboom et al. 2023, arXiv:2301.11093, section 3.1 and
 * appendix A; k-diffusion).
 *
 * @param options the image's width; the two widths at whose noise it is trained; σ_data, default 1; the ends, 1e-3 and
 *   1e3
 */
export function cosineInterpolated({
  width,
  noiseLow,
  noiseHigh,
  sigmaData = 1,
  min = 1e-3,
  max = 1e3,
}: Truncation & {
  width: number;
  noiseLow: number;
  noiseHigh: number;
  sigmaData?: number;
}): TimeDistribution {
  const name = "cosineInterpolated";
  checkTruncation(name, min, max);
  for (const [argument, value] of Object.entries({ width, noiseLow, noiseHigh, sigmaData, min })) {
    checkPositive(name, argument, value);
  }
  // Of the cosine that is shifted by the width ratio, the angle at each end, and log tan between them.
  const shifted = (pixels: number): ((u: number) => number) => {
    const ratio = pixels / width;
    const angle = (sigma: number): number => Math.atan((sigma / sigmaData) * ratio);
    const [first, last] = [angle(min), angle(max)];
    return (u) => Math.log(Math.tan(first + (last - first) * u) / ratio);
  };
  const [low, high] = [shifted(noiseLow), shifted(noiseHigh)];
  return byQuantile(name, (u) => sigmaData * Math.exp(u * low(u) + (1 - u) * high(u)), [min, max]);
}

/**
 * Mode: t = 1 - v - s·(cos²(πv/2) - 1 + v) for uniform v, heavy in the middle for s > 0 and at the ends for s < 0 (Esser
 * et al. 2024, arXiv:2403.03206, eq. 20). Here u = 1 - v, so that it rises.
 *
 * @param options s in [-1, 2/(π - 2)], default 1.29
 */
export function mode({ scale = 1.29 }: { scale?: number } = {}): TimeDistribution {
  const most = 2 / (Math.PI - 2);
  if (!(scale >= -1 && scale <= most)) {
    throw new Error(`mode: scale must be in [-1, ${most}], got ${scale}`);
  }
  return byQuantile("mode", (u) => u - scale * (Math.sin((Math.PI * u) / 2) ** 2 - u), [0, 1]);
}

/** CosMap: t = 1 - 1/(tan(πu/2) + 1), which gives rectified flow the log-SNRs of the cosine path (Esser et al. 2024, eq. 21). */
export const cosMap: TimeDistribution = {
  name: "cosMap",
  quantile: (u) => 1 / (1 + 1 / Math.tan((Math.PI * u) / 2)),
  density: (t) => (t >= 0 && t <= 1 ? 2 / (Math.PI - 2 * Math.PI * t + 2 * Math.PI * t * t) : 0),
};

/** A distribution of rectified-flow times, moved towards noise by `shiftedTime`: training for higher resolutions. */
export function shiftedDistribution(times: TimeDistribution, shift: number): TimeDistribution {
  checkPositive("shiftedDistribution", "shift", shift);
  return {
    name: `${times.name}, shifted`,
    quantile: (u) => shiftedTime(times.quantile(u), shift),
    density: (t) => {
      if (!(t >= 0 && t <= 1)) return 0;
      // The inverse is the shift by 1/s, with the slope s/(s + (1 - s)·t)².
      return (times.density(shiftedTime(t, 1 / shift)) * shift) / (shift + (1 - shift) * t) ** 2;
    },
  };
}

/** A distribution of noise levels σ = b/a as one of the times of a path. */
export function distributionOnPath(path: Path, sigmas: TimeDistribution): TimeDistribution {
  return {
    name: `${sigmas.name} on ${path.name}`,
    quantile: (u) => path.inverseLogSnr(-2 * Math.log(sigmas.quantile(u))),
    density: (t) => {
      if (!(t > 0 && t < path.end)) return 0;
      const [a, b] = [path.a(t), path.b(t)];
      return sigmas.density(b / a) * ((path.bPrime(t) * a - path.aPrime(t) * b) / (a * a));
    },
  };
}

/** A distribution whose density has no closed form: the reciprocal of the slope of its quantile. */
function byQuantile(
  name: string,
  quantile: (u: number) => number,
  [least, most]: readonly [number, number],
): TimeDistribution {
  return {
    name,
    quantile,
    density: (t) => {
      if (!(t > least && t < most)) return 0;
      let [low, high] = [0, 1];
      for (let i = 0; i < 60; i++) {
        const middle = (low + high) / 2;
        if (quantile(middle) < t) low = middle;
        else high = middle;
      }
      const h = 1e-5 * Math.min(low, 1 - low);
      return (2 * h) / (quantile(low + h) - quantile(low - h));
    },
  };
}

function normalDensity(n: number): number {
  return Math.exp(-(n * n) / 2) / Math.sqrt(2 * Math.PI);
}

function checkedNormal(
  name: string,
  options: Normal,
  defaults: Required<Normal>,
): Required<Normal> {
  const { mean = defaults.mean, std = defaults.std } = options;
  if (!Number.isFinite(mean)) throw new Error(`${name}: mean must be a finite number, got ${mean}`);
  checkPositive(name, "std", std);
  return { mean, std };
}

function checkTruncation(name: string, min: number, max: number): void {
  if (!(min >= 0 && max > min)) {
    throw new Error(`${name}: min must not be below 0 and max above it, got ${min} and ${max}`);
  }
}
