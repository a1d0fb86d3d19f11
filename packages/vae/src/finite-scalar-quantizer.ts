import { straightThrough } from "@gen/probability";
import {
  add,
  cast,
  div,
  expandDims,
  floorDiv,
  mod,
  mul,
  round,
  scalar,
  sub,
  sum,
  tanh,
  type Tensor,
  tensor,
  tidy,
} from "@gen/tensor";
import { checkVectors, type Quantized, type Quantizer } from "./quantizer.ts";

/** Keeps tanh from its ends, so that the outermost level can be rounded to. */
const EPSILON = 1e-3;

/**
 * Finite scalar quantisation: each number is squeezed by tanh and rounded to one of a few levels; the codebook is their
 * grid, and there is nothing to learn, to collapse or to hold together (Mentzer et al. 2023, arXiv:2309.15505, appendix
 * A.1). Codes lie in [−1, 1]. For even levels, tanh is shifted so that 0 stays 0 before rounding: by artanh, where the
 * paper's listing has tan, which comes close.
 */
export class FiniteScalarQuantizer implements Quantizer {
  readonly levels: readonly number[];
  readonly codes: number;
  readonly features: number;
  readonly depth = 1;

  /** @param levels of each number; the paper takes [8, 5, 5, 5] for about 2¹⁰ codes */
  constructor(levels: readonly number[]) {
    if (levels.length === 0 || !levels.every((l) => Number.isInteger(l) && l >= 3)) {
      throw new Error(
        `FiniteScalarQuantizer: levels must be whole numbers of 3 or more (for 2, take LookupFreeQuantizer), got [${levels.join(", ")}]`,
      );
    }
    this.levels = levels;
    this.codes = levels.reduce((product, l) => product * l, 1);
    this.features = levels.length;
  }

  quantize(z: Tensor): Quantized {
    checkVectors("FiniteScalarQuantizer.quantize", z, this.features);
    return tidy(() => {
      const half = this.levels.map((l) => ((l - 1) * (1 - EPSILON)) / 2);
      const offset = this.levels.map((l) => (l % 2 === 0 ? 0.5 : 0));
      const shift = half.map((h, i) => Math.atanh((offset[i] as number) / h));
      const bounded = sub(mul(tanh(add(z, shift)), half), offset);
      const rounded = straightThrough(round(bounded), bounded);
      const digits = add(rounded, this.steps());
      const indices = cast(sum(mul(digits, this.basis()), -1), "int32");
      return { quantized: div(rounded, this.steps()), indices, loss: scalar(0) };
    });
  }

  lookup(indices: Tensor): Tensor {
    return tidy(() => {
      const places = floorDiv(
        expandDims(indices, -1),
        tensor(this.basis(), [this.features], "int32"),
      );
      const digits = mod(places, tensor([...this.levels], [this.features], "int32"));
      return sub(div(cast(digits, "float32"), this.steps()), 1);
    });
  }

  /** What 1 is in levels. */
  private steps(): number[] {
    return this.levels.map((l) => Math.floor(l / 2));
  }

  private basis(): number[] {
    return this.levels.map((_, i) =>
      this.levels.slice(0, i).reduce((product, l) => product * l, 1),
    );
  }
}
