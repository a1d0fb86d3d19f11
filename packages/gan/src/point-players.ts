import { Linear } from "@gen/nn";
import { foldIn, type Key, leakyRelu, reshape, type Tensor, tidy } from "@gen/tensor";
import { heNormal } from "./he-normal.ts";

export interface PointPlayerConfig {
  /** Numbers of a point; 2. */
  readonly dimensions?: number;
  /** Numbers of a latent; 2. */
  readonly latents?: number;
  /** Width of the hidden layers; 128. */
  readonly width?: number;
  /** How many hidden layers; 3. */
  readonly depth?: number;
}

const options = { init: heNormal };

const layers = (
  key: Key,
  from: number,
  to: number,
  { width = 128, depth = 3 }: PointPlayerConfig,
) =>
  Array.from(
    { length: depth + 1 },
    (_, i) => new Linear(foldIn(key, i), i === 0 ? from : width, i === depth ? to : width, options),
  );

/** Linear layers with leaky relu of slope 0.2 between. */
const through = (stack: readonly Linear[], x: Tensor): Tensor =>
  stack.reduce((h, layer, i) => layer.forward(i === 0 ? h : leakyRelu(h, 0.2)), x);

/** A generator of points: linear layers with leaky relu of slope 0.2 between, for the 2-D sets and exact cases. */
export class PointGenerator {
  readonly layers: Linear[];
  readonly latents: number;

  constructor(key: Key, config: PointPlayerConfig = {}) {
    const { dimensions = 2, latents = 2 } = config;
    this.layers = layers(key, latents, dimensions, config);
    this.latents = latents;
  }

  /** z [batch, latents] → points [batch, dimensions]. The caller disposes of the result. */
  forward(z: Tensor): Tensor {
    return tidy(() => through(this.layers, z));
  }
}

/** A discriminator of points, of the same kind. It judges each point alone, so gradient penalties go with it. */
export class PointDiscriminator {
  readonly layers: Linear[];

  constructor(key: Key, config: PointPlayerConfig = {}) {
    this.layers = layers(key, config.dimensions ?? 2, 1, config);
  }

  /** x [batch, dimensions] → logits [batch]. The caller disposes of the result. */
  forward(x: Tensor): Tensor {
    return tidy(() => reshape(through(this.layers, x), [-1]));
  }
}
