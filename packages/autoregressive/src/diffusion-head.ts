import { init, LayerNorm, Linear, Mlp, silu, TimeEmbedding } from "@gen/nn";
import { add, foldIn, type Key, mul, splitTensor, type Tensor, tidy } from "@gen/tensor";

export interface DiffusionHeadConfig {
  /** Numbers of a token. */
  readonly features: number;
  /** Numbers of the condition. */
  readonly condition: number;
  /** Features of the hidden layers. The paper: 1024. */
  readonly width: number;
  /** How many residual blocks. The paper: 3. */
  readonly depth: number;
}

// Sinusoidal embeddings were made for DDPM's 1,000 steps; our time runs from 0 to 1.
const [FREQUENCIES, TIME_SCALE] = [256, 1000];

/**
 * The small denoising network of «Autoregressive image generation without vector quantization» (Li et al. 2024,
 * arXiv:2406.11838, section 3.2): residual blocks of norm, linear, silu, linear, whose norms and branches are scaled,
 * shifted and gated by the time and the condition (adaLN-Zero). It says how one token is distributed given a vector.
 */
export class DiffusionHead {
  readonly input: Linear;
  readonly time: TimeEmbedding;
  readonly condition: Linear;
  readonly blocks: Block[];
  readonly norm: LayerNorm;
  readonly modulation: Linear;
  readonly output: Linear;

  constructor(key: Key, { features, condition, width, depth }: DiffusionHeadConfig) {
    const at = (i: number): Key => foldIn(key, i);
    const zeros = { init: init.zeros };
    this.input = new Linear(at(0), features, width);
    this.time = new TimeEmbedding(at(1), FREQUENCIES, width, { init: init.xavierUniform });
    this.condition = new Linear(at(2), condition, width);
    this.blocks = Array.from({ length: depth }, (_, i) => new Block(at(i + 5), width));
    this.norm = new LayerNorm(width, { affine: false, epsilon: 1e-6 });
    this.modulation = new Linear(at(3), width, 2 * width, zeros);
    this.output = new Linear(at(4), width, features, zeros);
  }

  /**
   * @param x noisy tokens [batch, features]
   * @param t the time of each in [0, 1], [batch]
   * @param condition [batch, condition]
   * @returns what the network is trained to predict, [batch, features]; the caller disposes of it
   */
  forward(x: Tensor, t: Tensor, condition: Tensor): Tensor {
    return tidy(() => {
      const time = this.time.forward(mul(t, TIME_SCALE));
      const told = silu(add(time, this.condition.forward(condition)));
      const h = this.blocks.reduce((h, block) => block.forward(h, told), this.input.forward(x));
      const [shift, scale] = splitTensor(this.modulation.forward(told), 2, -1) as [Tensor, Tensor];
      return this.output.forward(this.norm.forward(h, { shift, scale }));
    });
  }
}

class Block {
  readonly norm: LayerNorm;
  readonly mlp: Mlp;
  readonly modulation: Linear;

  constructor(key: Key, width: number) {
    this.norm = new LayerNorm(width, { epsilon: 1e-6 });
    this.mlp = new Mlp(foldIn(key, 0), width, width, { activation: silu });
    this.modulation = new Linear(foldIn(key, 1), width, 3 * width, { init: init.zeros });
  }

  forward(x: Tensor, told: Tensor): Tensor {
    const [shift, scale, gate] = splitTensor(this.modulation.forward(told), 3, -1) as Three;
    return add(x, mul(gate, this.mlp.forward(this.norm.forward(x, { shift, scale }))));
  }
}

type Three = [Tensor, Tensor, Tensor];
