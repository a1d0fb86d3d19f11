import { parameter } from "@gen/nn";
import { straightThrough } from "@gen/probability";
import {
  add,
  cast,
  div,
  gather,
  type Key,
  matMul,
  mean,
  mul,
  oneHot,
  reshape,
  square,
  stopGradient,
  sub,
  sum,
  type Tensor,
  tidy,
  type Variable,
  where,
} from "@gen/tensor";
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
import { checkCodebook, startingCodes, type VectorQuantizerConfig } from "./vector-quantizer.ts";

/** So that a code without vectors divides by something. */
const EPSILON = 1e-5;

/**
 * As `VectorQuantizer`, but a code is the moving average of the vectors that chose it, N ← γN + (1 − γ)n,
 * m ← γm + (1 − γ)Σz, e = m/N, and no gradient moves it (van den Oord et al. 2017, arXiv:1711.00937, appendix A.1, with
 * the counts smoothed by 1e-5 as in the authors' code). The loss is the commitment β‖z − sg(e)‖² alone.
 */
export class EmaVectorQuantizer implements Quantizer {
  /** All three are buffers: kept in checkpoints, moved by the averages. */
  readonly codebook: Variable;
  readonly sizes: Variable;
  readonly sums: Variable;
  readonly codes: number;
  readonly features: number;
  readonly depth = 1;
  readonly config: VectorQuantizerConfig;

  constructor(key: Key, config: VectorQuantizerConfig) {
    checkCodebook("EmaVectorQuantizer", config);
    const { codes, features } = config;
    const start = startingCodes(key, config);
    this.codebook = parameter(start, [codes, features], false);
    this.sizes = parameter(new Float32Array(codes).fill(1), [codes], false);
    this.sums = parameter(start, [codes, features], false);
    this.codes = codes;
    this.features = features;
    this.config = config;
  }

  quantize(z: Tensor, options: QuantizeOptions = {}): Quantized {
    checkVectors("EmaVectorQuantizer.quantize", z, this.features);
    const { commitment = 0.25, restartBelow = 0.03 } = this.config;
    const training = options.mode === "training";
    return tidy(() => {
      const vectors = stopGradient(reshape(z, [-1, this.features]));
      if (training && restartBelow > 0) {
        this.restart(trainingKey("EmaVectorQuantizer.quantize", options), vectors, restartBelow);
      }
      const flat = nearestCode(vectors, this.codebook);
      const indices = reshape(flat, z.shape.slice(0, -1));
      const codes = this.lookup(indices);
      const loss = mul(mean(square(sub(z, codes))), commitment);
      const quantized = straightThrough(codes, z);
      if (training) this.take(vectors, flat);
      return { quantized, indices, loss };
    });
  }

  lookup(indices: Tensor): Tensor {
    return gather(this.codebook, indices);
  }

  /** Puts the codes at the centres that `kMeans` finds among the vectors. */
  start(z: Tensor, key: Key): void {
    tidy(() => {
      const centres = kMeans(key, reshape(z, [-1, this.features]), this.codes);
      this.codebook.assign(centres);
      this.sums.assign(mul(centres, reshape(this.sizes, [-1, 1])));
    });
  }

  private restart(key: Key, vectors: Tensor, below: number): void {
    const average = mean(this.sizes);
    const usage = div(this.sizes, average);
    const { codebook, dead } = restartDeadCodes(key, vectors, {
      codebook: this.codebook,
      usage,
      below,
    });
    this.codebook.assign(codebook);
    this.sums.assign(where(dead, mul(codebook, average), this.sums));
    this.sizes.assign(where(reshape(dead, [-1]), average, this.sizes));
  }

  /** The averages take in a batch. */
  private take(vectors: Tensor, indices: Tensor): void {
    const { decay = 0.99 } = this.config;
    const member = cast(oneHot(indices, this.codes), "float32");
    const move = (average: Variable, value: Tensor): void =>
      average.assign(add(mul(average, decay), mul(value, 1 - decay)));
    move(this.sizes, sum(member, 0));
    move(this.sums, matMul(member, vectors, true));
    const total = sum(this.sizes);
    const smoothed = mul(div(add(this.sizes, EPSILON), add(total, this.codes * EPSILON)), total);
    this.codebook.assign(div(this.sums, reshape(smoothed, [-1, 1])));
  }
}
