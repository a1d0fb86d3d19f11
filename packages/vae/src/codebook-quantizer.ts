import { init, parameter } from "@gen/nn";
import { straightThrough } from "@gen/probability";
import {
  add,
  cast,
  div,
  gather,
  type Key,
  less,
  mean,
  mul,
  onesLike,
  randint,
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
 * What the quantisers with a learnt codebook share: the nearest code with the straight-through gradient, a start at the
 * centres of `kMeans`, and the restart of codes of too little use at vectors drawn from the batch (Dhariwal et al. 2020,
 * arXiv:2005.00341, section 3.1). How the codes follow the vectors is each one's own.
 */
export abstract class CodebookQuantizer implements Quantizer {
  readonly codebook: Variable;
  /** Moving average of how many vectors of a batch each code has: a buffer. */
  readonly sizes: Variable;
  readonly codes: number;
  readonly features: number;
  readonly depth = 1;
  readonly config: VectorQuantizerConfig;
  protected readonly name: string;

  /** @param learnt whether gradients move the codes */
  constructor(name: string, key: Key, config: VectorQuantizerConfig, learnt: boolean) {
    checkCodebook(name, config);
    const { codes, features } = config;
    this.codebook = parameter(startingCodes(key, config), [codes, features], learnt);
    this.sizes = parameter(new Float32Array(codes).fill(1), [codes], false);
    this.codes = codes;
    this.features = features;
    this.config = config;
    this.name = name;
  }

  quantize(z: Tensor, options: QuantizeOptions = {}): Quantized {
    checkVectors(`${this.name}.quantize`, z, this.features);
    const { restartBelow = 0.03 } = this.config;
    const training = options.mode === "training";
    return tidy(() => {
      const vectors = stopGradient(reshape(z, [-1, this.features]));
      if (training && restartBelow > 0) {
        this.restart(trainingKey(`${this.name}.quantize`, options), vectors, restartBelow);
      }
      const flat = nearestCode(vectors, stopGradient(this.codebook));
      const indices = reshape(flat, z.shape.slice(0, -1));
      const codes = this.lookup(indices);
      const result = {
        quantized: straightThrough(stopGradient(codes), z),
        indices,
        loss: this.loss(z, codes),
      };
      if (training) this.follow(vectors, flat);
      return result;
    });
  }

  lookup(indices: Tensor): Tensor {
    return gather(this.codebook, indices);
  }

  /** Puts the codes at the centres that `kMeans` finds among the vectors. */
  start(z: Tensor, key: Key): void {
    tidy(() => {
      const centres = kMeans(key, reshape(z, [-1, this.features]), this.codes);
      this.place(centres, reshape(cast(onesLike(this.sizes), "bool"), [-1, 1]));
    });
  }

  /** What keeps vectors [batch, …, features] and their codes, of the same shape, together. */
  protected loss(z: Tensor, codes: Tensor): Tensor {
    const { commitment = 0.25 } = this.config;
    return mul(mean(square(sub(z, stopGradient(codes)))), commitment);
  }

  /** Puts those codes at vectors [codes, features] for which `chosen`, bool [codes, 1], is true. */
  protected place(vectors: Tensor, chosen: Tensor): void {
    this.codebook.assign(stopGradient(where(chosen, vectors, this.codebook)));
  }

  /** Takes in the vectors of a batch and their codes' indices. */
  protected follow(_vectors: Tensor, indices: Tensor): void {
    this.average(this.sizes, codeCounts(indices, this.codes));
  }

  protected average(variable: Variable, value: Tensor): void {
    const { decay = 0.99 } = this.config;
    variable.assign(add(mul(variable, decay), mul(value, 1 - decay)));
  }

  private restart(key: Key, vectors: Tensor, below: number): void {
    const usual = mean(this.sizes);
    const dead = less(div(this.sizes, usual), below);
    const drawn = randint(key, [this.codes], 0, vectors.shape[0] as number);
    this.sizes.assign(where(dead, usual, this.sizes));
    this.place(gather(vectors, drawn), reshape(dead, [-1, 1]));
  }
}

/** Uniform in ±1/codes, as the paper's code. */
export function startingCodes(key: Key, { codes, features }: VectorQuantizerConfig): Float32Array {
  // kaimingUniform is uniform in ±1/√fan.
  return init.kaimingUniform(key, [codes, features], { in: codes ** 2, out: features });
}

/** Refuses sizes and settings that are none. */
function checkCodebook(name: string, config: VectorQuantizerConfig): void {
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
