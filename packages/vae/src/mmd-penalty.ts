import { inverseMultiquadraticKernel, type Kernel, maximumMeanDiscrepancy } from "@gen/probability";
import { add, mean, mul, normal, reshape } from "@gen/tensor";
import type { Penalty } from "./penalty.ts";

export interface MMDPenaltyOptions {
  /** Default inverse multiquadratics of scales 2n·{0.1, 0.2, 0.5, 1, 2, 5, 10} for n latents, as the paper's code. */
  readonly kernel?: Kernel;
  /** Weight of the KL divergence that stays, 1 − α in InfoVAE. Default 0: a Wasserstein autoencoder. */
  readonly kl?: number;
}

/**
 * The squared maximum mean discrepancy between all latents of the batch and the prior: the latents together are to be
 * normal, each posterior may be sharp. Alone it is WAE-MMD (Tolstikhin et al. 2018, arXiv:1711.01558, algorithm 2), with
 * `beta` of `vaeLoss` its λ (10 in the paper); beside a share of the KL it is InfoVAE (Zhao et al. 2019,
 * arXiv:1706.02262, eq. 6).
 */
export function mmdPenalty({ kernel, kl: share = 0 }: MMDPenaltyOptions = {}): Penalty {
  if (!Number.isFinite(share)) {
    throw new Error(`mmdPenalty: kl must be a finite weight, got ${share}`);
  }
  return ({ z, kl, key }) => {
    const flat = reshape(z, [z.shape[0] as number, -1]);
    const latents = flat.shape[1] as number;
    const scales = [0.1, 0.2, 0.5, 1, 2, 5, 10].map((s) => 2 * latents * s);
    const discrepancy = maximumMeanDiscrepancy(
      flat,
      normal(key, flat.shape),
      kernel ?? inverseMultiquadraticKernel(scales),
    );
    return share === 0 ? discrepancy : add(discrepancy, mul(mean(kl), share));
  };
}
