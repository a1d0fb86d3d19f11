import {
  add,
  addN,
  foldIn,
  type Key,
  stack,
  stopGradient,
  sub,
  type Tensor,
  tidy,
  unstack,
} from "@gen/tensor";
import type { Quantized, QuantizeOptions, Quantizer } from "./quantizer.ts";

/**
 * Quantisers one after the other, each on what those before it left (Zeghidour et al. 2021, arXiv:2107.03312,
 * algorithm 1; Lee et al. 2022, arXiv:2203.01941): codesᵈ combinations from d codebooks. The last axis of the indices is
 * the depth.
 */
export class ResidualQuantizer implements Quantizer {
  readonly stages: readonly Quantizer[];
  readonly codes: number;
  readonly features: number;
  readonly depth: number;

  /** @param stages quantisers of one index each, with as many codes and features */
  constructor(stages: readonly Quantizer[]) {
    const [first] = stages;
    if (
      !first ||
      stages.some(
        ({ codes, features, depth }) =>
          codes !== first.codes || features !== first.features || depth !== 1,
      )
    ) {
      throw new Error(
        "ResidualQuantizer: stages must be one or more quantizers with the same codes and features and depth 1",
      );
    }
    this.stages = stages;
    this.codes = first.codes;
    this.features = first.features;
    this.depth = stages.length;
  }

  quantize(z: Tensor, options: QuantizeOptions = {}): Quantized {
    return tidy(() => {
      let rest = z;
      const parts = this.stages.map((stage, i) => {
        const part = stage.quantize(rest, {
          ...options,
          ...(options.key && { key: foldIn(options.key, i) }),
        });
        rest = sub(rest, stopGradient(part.quantized));
        return part;
      });
      // The gradient of the first stage is z's; each further one would add its own on top.
      const [first, ...others] = parts.map(({ quantized }) => quantized);
      return {
        quantized: others.reduce((total, q) => add(total, stopGradient(q)), first as Tensor),
        indices: stack(
          parts.map(({ indices }) => indices),
          -1,
        ),
        loss: addN(parts.map(({ loss }) => loss)),
      };
    });
  }

  lookup(indices: Tensor): Tensor {
    return tidy(() => {
      const each = unstack(indices, -1);
      return addN(this.stages.map((stage, i) => stage.lookup(each[i] as Tensor)));
    });
  }

  start(z: Tensor, key: Key): void {
    tidy(() => {
      let rest = z;
      this.stages.forEach((stage, i) => {
        stage.start?.(rest, foldIn(key, i));
        rest = sub(rest, stage.quantize(rest).quantized);
      });
    });
  }
}
