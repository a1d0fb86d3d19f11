import { checkPositive, checkTime } from "./check.ts";
import type { Path } from "./path.ts";
import {
  edmPrediction,
  flowPrediction,
  pathPoint,
  pointConversion,
  type LinearPrediction,
  type Prediction,
} from "./prediction.ts";

/** A weight of squared errors at each log-SNR, said of one prediction as its paper says it. */
export interface LossWeight {
  readonly of: Prediction | LinearPrediction;
  at(logSnr: number): number;
}

/** Beyond this log-SNR a weight has its limit, to all digits; nothing overflows here. */
const END = 300;

/**
 * The weight of ‖p̂ - p‖² for a network that predicts p, which makes its loss the weighted loss of the weight's own
 * prediction. The errors of two predictions of one x_t are proportional, and `predictionConversion` has the factor:
 * min-SNR of v is min(SNR, γ)/(SNR + 1), for example. At the ends of a path it is the limit, which may be 0 or ∞.
 *
 * @param t in [0, end]
 * @throws if `t` is not on the path
 */
export function lossWeight(
  path: Path,
  t: number,
  prediction: Prediction | LinearPrediction,
  weight: LossWeight,
): number {
  checkTime("lossWeight", path, t);
  const logSnr = Math.min(END, Math.max(-END, path.logSnr(t)));
  const point = pathPoint(path, t);
  const size = Math.hypot(point.a, point.b);
  const inside = {
    ...point,
    a: size / Math.sqrt(1 + Math.exp(-logSnr)),
    b: size / Math.sqrt(1 + Math.exp(logSnr)),
  };
  const factor =
    prediction === weight.of ? 1 : pointConversion(inside, prediction, weight.of).prediction;
  return weight.at(logSnr) * factor ** 2;
}

/** DDPM's L_simple: all errors of the noise count the same (Ho et al. 2020, arXiv:2006.11239, eq. 14). */
export const simpleWeight: LossWeight = { of: "noise", at: () => 1 };

/** Flow matching's: all errors of z - x count the same (Lipman et al. 2022, arXiv:2210.02747, eq. 23). */
export const flowWeight: LossWeight = { of: flowPrediction, at: () => 1 };

/**
 * Min-SNR-γ: the weight of data is the SNR, but at most γ (Hang et al. 2023, arXiv:2303.09556, section 3.4).
 *
 * @param options γ, default 5
 */
export function minSnrWeight({ gamma = 5 }: { gamma?: number } = {}): LossWeight {
  checkPositive("minSnrWeight", "gamma", gamma);
  return { of: "data", at: (logSnr) => Math.min(Math.exp(logSnr), gamma) };
}

/**
 * Soft min-SNR, a min-SNR without its corner: EDM's F counts (σ·σ_data)²/(σ² + σ_data²)², most at σ = σ_data (Crowson et
 * al. 2024, arXiv:2401.11605, section 3.4).
 *
 * @param options σ_data, default 0.5
 */
export function softMinSnrWeight({ sigmaData = 0.5 }: { sigmaData?: number } = {}): LossWeight {
  checkPositive("softMinSnrWeight", "sigmaData", sigmaData);
  return {
    of: edmPrediction({ sigmaData }),
    at: (logSnr) => {
      const ratio = Math.exp(-logSnr / 2) / sigmaData;
      return 1 / (ratio + 1 / ratio) ** 2;
    },
  };
}

/**
 * P2: the noise counts 1/(k + SNR)^γ, little where only imperceptible detail is left (Choi et al. 2022,
 * arXiv:2204.00227, eq. 8).
 *
 * @param options k, default 1, and γ, default 1
 */
export function p2Weight({ k = 1, gamma = 1 }: { k?: number; gamma?: number } = {}): LossWeight {
  checkPositive("p2Weight", "k", k);
  checkPositive("p2Weight", "gamma", gamma);
  return { of: "noise", at: (logSnr) => (k + Math.exp(logSnr)) ** -gamma };
}

/**
 * EDM's λ(σ) = (σ² + σ_data²)/(σ·σ_data)² of the data, which is 1 for its F (Karras et al. 2022, arXiv:2206.00364, table
 * 1).
 *
 * @param options σ_data, default 0.5
 */
export function edmWeight({ sigmaData = 0.5 }: { sigmaData?: number } = {}): LossWeight {
  checkPositive("edmWeight", "sigmaData", sigmaData);
  return { of: "data", at: (logSnr) => Math.exp(logSnr) + 1 / sigmaData ** 2 };
}

/**
 * The sigmoid weight of the noise, sigmoid(bias - λ) (Kingma and Gao 2023, arXiv:2303.00848, section 5; its bias -3 is
 * from Hoogeboom et al. 2024, arXiv:2410.19324). It multiplies the term of the bound, so with uniform times it goes
 * together with `boundWeight`, or with times that are uniform in λ.
 *
 * @param options the bias, default -3
 */
export function sigmoidWeight({ bias = -3 }: { bias?: number } = {}): LossWeight {
  if (!Number.isFinite(bias)) throw new Error(`sigmoidWeight: bias must be finite, got ${bias}`);
  return { of: "noise", at: (logSnr) => 1 / (1 + Math.exp(logSnr - bias)) };
}

/**
 * CosMap: z - x counts 2/(π·(1 - 2t + 2t²)) at rectified flow's time t (Esser et al. 2024, arXiv:2403.03206, section
 * 3.1), the density of `cosMap`.
 */
export const cosMapWeight: LossWeight = {
  of: flowPrediction,
  at: (logSnr) => {
    const t = 1 / (1 + Math.exp(logSnr / 2));
    return 2 / (Math.PI * (1 - 2 * t + 2 * t * t));
  },
};

/**
 * σ^-2 of the data at rectified flow's time t = σ: what diffusers calls `sigma_sqrt`. It is `flowWeight` for a network
 * that gives data.
 */
export const inverseVarianceWeight: LossWeight = {
  of: "data",
  at: (logSnr) => (1 + Math.exp(logSnr / 2)) ** 2,
};

/**
 * The uncertainty-weighted loss e^-u·loss + u, whose minimum over u is log(loss) + 1 at u = log(loss): learned for each
 * noise level, it makes all of them count the same (Karras et al. 2023, arXiv:2312.02696, eq. 14; Kendall and Gal).
 *
 * @param loss the (weighted) loss at a noise level
 * @param logVariance u, which a small network gives for that level
 */
export function uncertaintyLoss(loss: number, logVariance: number): number {
  return loss * Math.exp(-logVariance) + logVariance;
}
