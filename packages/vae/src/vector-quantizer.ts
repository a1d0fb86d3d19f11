import { init, parameter } from "@gen/nn";
import { straightThrough } from "@gen/probability";
import {
  add,
  gather,
  type Key,
  mean,
  mul,
  reshape,
  square,
  stopGradient,
  sub,
  type Tensor,
  tidy,
  type Variable,
  where,
} from "@gen/tensor";
import { codeCounts } from "./code-statistics.ts";
import { restartDeadCodes } from "./dead-codes.ts";
import { kMeans } from "./k-means.ts";
import { nearestCode } from "./nearest-code.ts";
import {
  checkVectors,
  type Quantized,
  type QuantizeOptions,
  type Quantizer,
  trainingKey,
} from "./quantizer.ts";

export interface VectorQuantizerConfig {
  readonly codes: number;
  readonly features: number;
  /** β, how strongly vectors are held to their codes. Default 0.25. */
  readonly commitment?: number;
  /**
   * A code used less than this, where 1 is average use, starts again at a vector of the batch; 0 for never. Default
   * 0.03.
   */
  readonly restartBelow?: number;
  /** Of the moving average of the use, or of codes. Default 0.99. */
  readonly decay?: number;
}

/**
 * The nearest code of a learnt codebook, with the straight-through gradient (van den Oord et al. 2017,
 * arXiv:1711.00937, eq. 1 to 3): loss ‖sg(z) − e‖² + β‖z − sg(e)‖². β stands on the second term, which holds the encoder
 * to its codes; a well-known implementation had it on the first.
 *
 * The posterior over codes is one-hot, so its KL divergence from a uniform prior is log(codes) for each vector, a
 * constant: that is why the loss has none (the question that the lecture notes leave open).
 */
export class VectorQuantizer implements Quantizer {
  readonly codebook: Variable;
  /** Moving average of each code's use, 1 the average: a buffer. */
  readonly usage: Variable;
  readonly codes: number;
  readonly features: number;
  readonly depth = 1;
  readonly config: VectorQuantizerConfig;

  constructor(key: Key, config: VectorQuantizerConfig) {
    checkCodebook("VectorQuantizer", config);
    const { codes, features } = config;
    this.codebook = parameter(startingCodes(key, config), [codes, features]);
    this.usage = parameter(new Float32Array(codes).fill(1), [codes], false);
    this.codes = codes;
    this.features = features;
    this.config = config;
  }

  quantize(z: Tensor, options: QuantizeOptions = {}): Quantized {
    checkVectors("VectorQuantizer.quantize", z, this.features);
    const { commitment = 0.25, restartBelow = 0.03, decay = 0.99 } = this.config;
    const training = options.mode === "training";
    return tidy(() => {
      const vectors = stopGradient(reshape(z, [-1, this.features]));
      if (training && restartBelow > 0) {
        const { codebook, dead } = restartDeadCodes(
          trainingKey("VectorQuantizer.quantize", options),
          vectors,
          { codebook: this.codebook, usage: this.usage, below: restartBelow },
        );
        this.codebook.assign(stopGradient(codebook));
        this.usage.assign(where(reshape(dead, [-1]), 1, this.usage));
      }
      const flat = nearestCode(vectors, stopGradient(this.codebook));
      if (training) {
        const share = mul(codeCounts(flat, this.codes), this.codes / flat.size);
        this.usage.assign(add(mul(this.usage, decay), mul(share, 1 - decay)));
      }
      const indices = reshape(flat, z.shape.slice(0, -1));
      const codes = this.lookup(indices);
      const fixed = stopGradient(codes);
      const loss = add(
        mean(square(sub(stopGradient(z), codes))),
        mul(mean(square(sub(z, fixed))), commitment),
      );
      return { quantized: straightThrough(fixed, z), indices, loss };
    });
  }

  lookup(indices: Tensor): Tensor {
    return gather(this.codebook, indices);
  }

  /** Puts the codes at the centres that `kMeans` finds among the vectors. */
  start(z: Tensor, key: Key): void {
    tidy(() => this.codebook.assign(kMeans(key, reshape(z, [-1, this.features]), this.codes)));
  }
}

/** Uniform in ±1/codes, as the paper's code. */
export function startingCodes(key: Key, { codes, features }: VectorQuantizerConfig): Float32Array {
  // kaimingUniform is uniform in ±1/√fan.
  return init.kaimingUniform(key, [codes, features], { in: codes ** 2, out: features });
}

/** Refuses sizes and settings that are none. */
export function checkCodebook(name: string, config: VectorQuantizerConfig): void {
  const { codes, features, commitment = 0.25, restartBelow = 0, decay = 0.99 } = config;
  for (const [field, value] of Object.entries({ codes, features })) {
    if (!(Number.isInteger(value) && value > 0)) {
      throw new Error(`${name}: ${field} must be a whole number above 0, got ${value}`);
    }
  }
  if (!(commitment >= 0 && restartBelow >= 0 && restartBelow < 1 && decay >= 0 && decay < 1)) {
    throw new Error(
      `${name}: commitment must be 0 or more, restartBelow and decay from 0 to below 1, got ` +
        `${commitment}, ${restartBelow} and ${decay}`,
    );
  }
}
