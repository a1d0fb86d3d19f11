import { Linear, silu } from "@gen/nn";
import {
  add,
  div,
  exp,
  foldIn,
  type Key,
  log,
  mul,
  neg,
  normal,
  reshape,
  square,
  sub,
  sum,
  type Tensor,
  tidy,
  zerosLike,
} from "@gen/tensor";
import { DenseNetwork } from "./dense-network.ts";
import { type DiagonalGaussian, diagonalGaussian, reparameterize } from "./diagonal-gaussian.ts";
import { likelihoodOf, type LikelihoodConfig } from "./likelihoods.ts";
import type { Likelihood } from "./likelihood.ts";

export interface LadderVAEConfig {
  /** Of one example, such as [2] or [28, 28, 1]. */
  readonly dataShape: readonly number[];
  /** Latents of each level, from the data upwards; the paper takes [64, 32, 16, 8, 4]. */
  readonly latents: readonly number[];
  /** Features of the hidden layers of each level; the paper takes [512, 256, 128, 64, 32]. */
  readonly hidden: readonly number[];
  /** Default "bernoulli". */
  readonly likelihood?: LikelihoodConfig | Likelihood;
}

/**
 * A hierarchy of latents, p(x | z₁)·p(z₁ | z₂)⋯p(z_L), whose posterior goes down the same ladder: at each level the
 * encoder's bottom-up estimate and the prior's top-down one are joined by their precisions (Sønderby et al. 2016,
 * arXiv:1602.02282, eq. 17 to 19). Without the paper's batch norm.
 */
export class LadderVAE {
  /** Bottom-up: data to the features of the first level, and so on. */
  readonly up: DenseNetwork[];
  /** The bottom-up mean and log-variance of each level. */
  readonly estimates: Linear[];
  /** Top-down: latents of level i + 1 to the prior of level i. */
  readonly priors: DenseNetwork[];
  readonly decoder: DenseNetwork;
  readonly likelihood: Likelihood;
  readonly config: LadderVAEConfig;

  constructor(key: Key, config: LadderVAEConfig) {
    const { dataShape, latents, hidden } = config;
    if (latents.length === 0 || latents.length !== hidden.length) {
      throw new Error(
        `LadderVAE: latents and hidden must name as many levels, at least one, got [${latents.join(", ")}] and ` +
          `[${hidden.join(", ")}]`,
      );
    }
    const likelihood = likelihoodOf(config.likelihood ?? "bernoulli");
    const levels = latents.length;
    const at = (part: number, level: number): Key => foldIn(key, part * levels + level);
    const width = (i: number): number => hidden[i] as number;
    const size = (i: number): number => latents[i] as number;
    this.up = hidden.map(
      (to, i) =>
        new DenseNetwork(at(0, i), {
          inShape: i === 0 ? dataShape : [width(i - 1)],
          outShape: [to],
          hidden: [to],
        }),
    );
    this.estimates = hidden.map((from, i) => new Linear(at(1, i), from, 2 * size(i)));
    this.priors = latents.slice(1).map(
      (from, i) =>
        new DenseNetwork(at(2, i), {
          inShape: [from],
          outShape: [2 * size(i)],
          hidden: [width(i + 1)],
        }),
    );
    this.decoder = new DenseNetwork(at(3, 0), {
      inShape: [size(0)],
      outShape: [
        ...dataShape.slice(0, -1),
        (dataShape.at(-1) as number) * likelihood.outputsPerNumber,
      ],
      hidden: [width(0)],
    });
    this.likelihood = likelihood;
    this.config = config;
  }

  /** Draws from p(x): means of the decoder for latents drawn from the top down, [count, …]. The caller disposes. */
  sample(key: Key, [count]: readonly [number]): Tensor {
    return tidy(() => {
      const top = this.config.latents.length - 1;
      let z = normal(foldIn(key, top), [count, this.config.latents[top] as number]);
      for (let i = top - 1; i >= 0; i--) z = reparameterize(this.prior(i, z), foldIn(key, i));
      return this.likelihood.mean(this.decoder.forward(z));
    });
  }

  /**
   * A draw of all latents from the posterior of x, and by how much each level's posterior differs from its prior: KL
   * divergences [batch] in nats, from the data upwards. Inside a tidy.
   */
  encode(x: Tensor, key: Key): { latents: Tensor[]; kl: Tensor[] } {
    let features = x;
    const estimates = this.up.map((network, i) => {
      features = network.forward(i === 0 ? features : silu(features));
      return diagonalGaussian((this.estimates[i] as Linear).forward(silu(features)));
    });
    const latents: Tensor[] = [];
    const kl: Tensor[] = [];
    for (let i = estimates.length - 1; i >= 0; i--) {
      const estimate = estimates[i] as DiagonalGaussian;
      const above = latents[0];
      const prior = above
        ? this.prior(i, above)
        : { mean: zerosLike(estimate.mean), logVariance: zerosLike(estimate.mean) };
      const posterior = above ? joined(estimate, prior) : estimate;
      kl.unshift(klOfGaussians(posterior, prior));
      latents.unshift(reparameterize(posterior, foldIn(key, i)));
    }
    return { latents, kl };
  }

  private prior(level: number, above: Tensor): DiagonalGaussian {
    return diagonalGaussian((this.priors[level] as DenseNetwork).forward(above));
  }
}

/** The product of two normal densities, normalised: precisions add up. Inside a tidy. */
export function joined(a: DiagonalGaussian, b: DiagonalGaussian): DiagonalGaussian {
  const [first, second] = [exp(neg(a.logVariance)), exp(neg(b.logVariance))];
  const precision = add(first, second);
  const mean = div(add(mul(a.mean, first), mul(b.mean, second)), precision);
  return { mean, logVariance: neg(log(precision)) };
}

/**
 * KL(p ‖ q) = ½·Σ(log σq² − log σp² + (σp² + (μp − μq)²)/σq² − 1) in nats, of each example.
 *
 * @returns [batch]; the caller disposes of it
 */
export function klOfGaussians(p: DiagonalGaussian, q: DiagonalGaussian): Tensor {
  return tidy(() => {
    const difference = sub(p.logVariance, q.logVariance);
    const shift = mul(square(sub(p.mean, q.mean)), exp(neg(q.logVariance)));
    const terms = sub(add(exp(difference), shift), add(difference, 1));
    return mul(sum(reshape(terms, [p.mean.shape[0] as number, -1]), 1), 0.5);
  });
}
