import {
  type Key,
  logSoftmax,
  mean,
  mul,
  neg,
  reshape,
  split,
  sum,
  type Tensor,
  tidy,
} from "@gen/tensor";
import { Conv2d, defaultGroups, GroupNorm, Linear, silu } from "@gen/nn";

export interface ClassifierOptions {
  height: number;
  width: number;
  channels: number;
  classes: number;
  /** Channels of each level; every level after the first halves height and width. */
  levels: readonly number[];
  /** Length of the feature vector before the last layer. */
  features: number;
}

class Level {
  readonly conv: Conv2d;
  readonly norm: GroupNorm;

  constructor(key: Key, inChannels: number, outChannels: number, stride: number) {
    this.conv = new Conv2d(key, inChannels, outChannels, 3, { stride });
    this.norm = new GroupNorm(defaultGroups(outChannels), outChannels);
  }

  forward(x: Tensor): Tensor {
    return silu(this.norm.forward(this.conv.forward(x)));
  }
}

/** A small convolutional network that names the class of an image, and whose features `gen eval` compares. */
export class Classifier {
  readonly levels: Level[];
  readonly hidden: Linear;
  readonly output: Linear;

  constructor(key: Key, { height, width, channels, classes, levels, features }: ClassifierOptions) {
    const keys = split(key, levels.length + 2);
    this.levels = levels.map(
      (out, i) =>
        new Level(
          keys[i] as Key,
          i === 0 ? channels : (levels[i - 1] as number),
          out,
          i === 0 ? 1 : 2,
        ),
    );
    let [h, w] = [height, width];
    for (let i = 1; i < levels.length; i++) [h, w] = [Math.ceil(h / 2), Math.ceil(w / 2)];
    this.hidden = new Linear(
      keys[levels.length] as Key,
      h * w * (levels.at(-1) as number),
      features,
    );
    this.output = new Linear(keys[levels.length + 1] as Key, features, classes);
  }

  /** images [batch, height, width, channels] in [-1, 1] → features [batch, features]; the caller disposes of them. */
  features(images: Tensor): Tensor {
    return tidy(() => {
      const x = this.levels.reduce((h, level) => level.forward(h), images);
      return silu(this.hidden.forward(reshape(x, [x.shape[0] as number, -1])));
    });
  }

  /** features [batch, features] → logits [batch, classes]; the caller disposes of them. */
  logits(features: Tensor): Tensor {
    return this.output.forward(features);
  }
}

/** The mean cross-entropy in nats of logits [batch, classes] against one-hot targets [batch, classes]. */
export function crossEntropy(logits: Tensor, targets: Tensor): Tensor {
  return tidy(() => neg(mean(sum(mul(targets, logSoftmax(logits)), -1))));
}
