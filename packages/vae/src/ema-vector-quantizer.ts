import { parameter } from "@gen/nn";
import {
  add,
  cast,
  div,
  type Key,
  matMul,
  mul,
  oneHot,
  reshape,
  sum,
  type Tensor,
  type Variable,
  where,
} from "@gen/tensor";
import {
  CodebookQuantizer,
  startingCodes,
  type VectorQuantizerConfig,
} from "./codebook-quantizer.ts";

/** So that a code without vectors divides by something. */
const EPSILON = 1e-5;

/**
 * As `VectorQuantizer`, but a code is the moving average of the vectors that chose it, N ← γN + (1 − γ)n,
 * m ← γm + (1 − γ)Σz, e = m/N, and no gradient moves it (van den Oord et al. 2017, arXiv:1711.00937, appendix A.1, with
 * the counts smoothed by 1e-5 as in the authors' code). The loss is the commitment β‖z − sg(e)‖² alone.
 */
export class EmaVectorQuantizer extends CodebookQuantizer {
  /** m: a buffer, as N and the codes are. */
  readonly sums: Variable;

  constructor(key: Key, config: VectorQuantizerConfig) {
    super("EmaVectorQuantizer", key, config, false);
    this.sums = parameter(startingCodes(key, config), this.codebook.shape, false);
  }

  protected override place(vectors: Tensor, chosen: Tensor): void {
    super.place(vectors, chosen);
    this.sums.assign(where(chosen, mul(vectors, reshape(this.sizes, [-1, 1])), this.sums));
  }

  protected override follow(vectors: Tensor, indices: Tensor): void {
    super.follow(vectors, indices);
    const member = cast(oneHot(indices, this.codes), "float32");
    this.average(this.sums, matMul(member, vectors, true));
    const total = sum(this.sizes);
    const smoothed = mul(div(add(this.sizes, EPSILON), add(total, this.codes * EPSILON)), total);
    this.codebook.assign(div(this.sums, reshape(smoothed, [-1, 1])));
  }
}
