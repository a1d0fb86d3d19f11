import { straightThrough } from "@gen/probability";
import {
  add,
  cast,
  expandDims,
  floorDiv,
  greater,
  log,
  maximum,
  mean,
  mod,
  mul,
  neg,
  reshape,
  sigmoid,
  softplus,
  square,
  stopGradient,
  sub,
  sum,
  type Tensor,
  tensor,
  tidy,
} from "@gen/tensor";
import { checkVectors, type Quantized, type Quantizer } from "./quantizer.ts";

export interface LookupFreeQuantizerConfig {
  /** Bits of a code: there are 2^features codes. */
  readonly features: number;
  /** Weight of the entropies. Default 0.1. */
  readonly entropy?: number;
  /** Default 0.25. */
  readonly commitment?: number;
  /** Of the distribution over codes that the entropies are of; low ones count only vectors near 0. Default 1. */
  readonly temperature?: number;
}

/**
 * Lookup-free quantisation: the sign of each number (Yu et al. 2023, arXiv:2310.05737, section 3.1, MAGVIT-v2). The loss
 * makes each vector sure of its code and all codes be used: E H(q(z)) − H(E q(z)), beside the commitment. The
 * distribution over codes is that of independent bits, p(+1) = sigmoid(4z/τ), the softmax of −(z ∓ 1)²/τ; the second
 * entropy is the sum of those of the bits, which needs no table of all codes and equals the joint one where bits are
 * independent (Zhao et al. 2024, arXiv:2406.07548, section 3.2).
 */
export class LookupFreeQuantizer implements Quantizer {
  readonly codes: number;
  readonly features: number;
  readonly depth = 1;
  readonly config: LookupFreeQuantizerConfig;

  constructor(config: LookupFreeQuantizerConfig) {
    const { features, entropy = 0.1, commitment = 0.25, temperature = 1 } = config;
    if (!(Number.isInteger(features) && features > 0 && features <= 24)) {
      throw new Error(
        `LookupFreeQuantizer: features must be a whole number from 1 to 24, got ${features}`,
      );
    }
    if (!(entropy >= 0 && commitment >= 0 && temperature > 0)) {
      throw new Error(
        "LookupFreeQuantizer: entropy and commitment must be 0 or more and temperature above 0, got " +
          `${entropy}, ${commitment} and ${temperature}`,
      );
    }
    this.codes = 2 ** features;
    this.features = features;
    this.config = config;
  }

  quantize(z: Tensor): Quantized {
    checkVectors("LookupFreeQuantizer.quantize", z, this.features);
    const { entropy = 0.1, commitment = 0.25, temperature = 1 } = this.config;
    return tidy(() => {
      const bits = cast(greater(z, 0), "float32");
      const signs = sub(mul(bits, 2), 1);
      const logits = mul(reshape(z, [-1, this.features]), 4 / temperature);
      const marginal = mean(sigmoid(logits), 0);
      const entropies = sub(mean(sum(entropyOfLogits(logits), 1)), sum(entropyOf(marginal)));
      const held = mean(square(sub(z, stopGradient(signs))));
      return {
        quantized: straightThrough(signs, z),
        indices: cast(sum(mul(bits, this.basis()), -1), "int32"),
        loss: add(mul(entropies, entropy), mul(held, commitment)),
      };
    });
  }

  lookup(indices: Tensor): Tensor {
    return tidy(() => {
      const places = floorDiv(
        expandDims(indices, -1),
        tensor(this.basis(), [this.features], "int32"),
      );
      const bits = mod(places, tensor(2, [], "int32"));
      return sub(mul(cast(bits, "float32"), 2), 1);
    });
  }

  private basis(): number[] {
    return Array.from({ length: this.features }, (_, i) => 2 ** i);
  }
}

/** Of a bit with p = sigmoid(l), exact for large l: softplus(l) − l·p. */
const entropyOfLogits = (l: Tensor): Tensor => sub(softplus(l), mul(l, sigmoid(l)));

/** Of a bit with probability p. */
function entropyOf(p: Tensor): Tensor {
  const part = (q: Tensor): Tensor => mul(q, log(maximum(q, 1e-20)));
  return neg(add(part(p), part(sub(1, p))));
}
