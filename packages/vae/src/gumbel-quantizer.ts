import { Embedding, Linear } from "@gen/nn";
import { gumbelSoftmax } from "@gen/probability";
import {
  add,
  argMax,
  exp,
  type Key,
  logSoftmax,
  matMul,
  mean,
  mul,
  reshape,
  split,
  sum,
  type Tensor,
  tidy,
} from "@gen/tensor";
import {
  checkVectors,
  type Quantized,
  type QuantizeOptions,
  type Quantizer,
  trainingKey,
} from "./quantizer.ts";

export interface GumbelQuantizerConfig {
  readonly codes: number;
  readonly features: number;
  /** Weight of the KL divergence from uniform codes. Default 5e-4, as VQGAN's. */
  readonly kl?: number;
}

/**
 * A distribution over codes from which training draws by the Gumbel-softmax trick, one-hot forward and soft backward, at
 * a temperature that should fall (Jang et al. 2017, arXiv:1611.01144; Ramesh et al. 2021, arXiv:2102.12092, section
 * 2.1). At inference, the likeliest code. The loss is KL(q(code | z) ‖ uniform) = Σ q log(q·codes).
 */
export class GumbelQuantizer implements Quantizer {
  readonly project: Linear;
  readonly embedding: Embedding;
  readonly codes: number;
  readonly features: number;
  readonly depth = 1;
  readonly config: GumbelQuantizerConfig;

  constructor(key: Key, config: GumbelQuantizerConfig) {
    const { codes, features, kl = 5e-4 } = config;
    if (!(kl >= 0)) throw new Error(`GumbelQuantizer: kl must be 0 or more, got ${kl}`);
    const [first, second] = split(key, 2) as [Key, Key];
    this.project = new Linear(first, features, codes);
    this.embedding = new Embedding(second, codes, features);
    this.codes = codes;
    this.features = features;
    this.config = config;
  }

  quantize(z: Tensor, options: QuantizeOptions = {}): Quantized {
    checkVectors("GumbelQuantizer.quantize", z, this.features);
    const { kl = 5e-4 } = this.config;
    const { mode, temperature = 1 } = options;
    return tidy(() => {
      const logits = this.project.forward(reshape(z, [-1, this.features]));
      const logQ = logSoftmax(logits);
      const divergence = mean(sum(mul(exp(logQ), add(logQ, Math.log(this.codes))), 1));
      const loss = mul(divergence, kl);
      const shape = z.shape.slice(0, -1);
      if (mode !== "training") {
        const indices = reshape(argMax(logits, 1), shape);
        return { quantized: this.lookup(indices), indices, loss };
      }
      const key = trainingKey("GumbelQuantizer.quantize", options);
      const drawn = gumbelSoftmax(key, logits, { temperature, hard: true });
      return {
        quantized: reshape(matMul(drawn, this.embedding.weight), z.shape),
        indices: reshape(argMax(drawn, 1), shape),
        loss,
      };
    });
  }

  lookup(indices: Tensor): Tensor {
    return this.embedding.forward(indices);
  }
}
