import {
  add,
  concat,
  depthToSpace,
  elu,
  foldIn,
  type Key,
  type Tensor,
  type Tensor4D,
  tidy,
} from "@gen/tensor";
import { expectLabels } from "./expect-labels.ts";
import { GatedResnet } from "./gated-resnet.ts";
import type { PixelModel } from "./pixel-loss.ts";
import type { PixelOutput } from "./pixel-output.ts";
import { WindowConv2d } from "./window-conv2d.ts";

export interface PixelCNNPlusPlusConfig {
  /** `mixtureOutput`, as the paper, or `levelsOutput` of one channel. */
  readonly output: PixelOutput;
  readonly features: number;
  /** Residual blocks of each resolution, on the way down and on the way up. The paper: 5. */
  readonly blocks: number;
  /** How often the image is halved. The paper: 2. */
  readonly halvings: number;
  /** Default 0: no labels. The label `classes` says «no label», for guidance. */
  readonly classes?: number;
}

/** Down-shifted 2×3 and down-right-shifted 2×2 convolutions of the paper's code. */
const down = { top: 1, bottom: 0, left: 1, right: 1 };
const downRight = { top: 1, bottom: 0, left: 1, right: 0 };
const pixel = { top: 0, bottom: 0, left: 0, right: 0 };

/** One stream of all rows above, one of those and the row so far. */
interface Streams {
  u: Tensor;
  ul: Tensor;
}

/**
 * PixelCNN++ (Salimans et al. 2017, arXiv:1701.05517): a stream that sees what is above and one that also sees what is
 * left, both causal by shifts, through gated residual blocks down to smaller images and up again with shortcuts. Twice
 * up is a linear map to four pixels (a transposed 2×2 convolution) where the paper's kernels are 2×3 and 2×2 with
 * overlap, and shortcuts join equal places of both ways.
 */
export class PixelCNNPlusPlus implements PixelModel {
  readonly above: WindowConv2d;
  readonly aboveNear: WindowConv2d;
  readonly left: WindowConv2d;
  readonly downward: Level[];
  readonly shrink: { u: WindowConv2d; ul: WindowConv2d }[];
  readonly upward: Level[];
  readonly grow: { u: WindowConv2d; ul: WindowConv2d }[];
  readonly head: WindowConv2d;
  readonly output: PixelOutput;
  readonly classes: number;
  readonly halvings: number;

  /** @throws if the output needs masks for the order of channels, which shifts do not give */
  constructor(key: Key, config: PixelCNNPlusPlusConfig) {
    const { output, features, blocks, halvings, classes = 0 } = config;
    if (output.steps !== 1) {
      throw new Error(
        `PixelCNNPlusPlus: output must draw a pixel at once, as mixtureOutput does, got ${output.name} of ` +
          `${output.channels} channels`,
      );
    }
    const at = (i: number): Key => foldIn(key, i);
    const conv = (i: number, window: typeof down): WindowConv2d =>
      new WindowConv2d(at(i), output.channels, features, window);
    this.above = conv(0, { top: 2, bottom: -1, left: 1, right: 1 });
    this.aboveNear = conv(1, { top: 1, bottom: -1, left: 1, right: 1 });
    this.left = conv(2, { top: 1, bottom: 0, left: 1, right: -1 });
    this.head = new WindowConv2d(at(3), features, output.parameters, pixel);
    const level = (i: number, shortcut: number): Level =>
      new Level(at(i), features, { blocks, shortcut, classes });
    const range = Array.from({ length: halvings }, (_, i) => i);
    this.downward = [...range, halvings].map((i) => level(10 + i, 0));
    this.upward = [...range, halvings].map((i) => level(40 + i, features));
    const stride = { stride: 2 };
    this.shrink = range.map((i) => ({
      u: new WindowConv2d(foldIn(at(70 + i), 0), features, features, down, stride),
      ul: new WindowConv2d(foldIn(at(70 + i), 1), features, features, downRight, stride),
    }));
    this.grow = range.map((i) => ({
      u: new WindowConv2d(foldIn(at(100 + i), 0), features, 4 * features, pixel),
      ul: new WindowConv2d(foldIn(at(100 + i), 1), features, 4 * features, pixel),
    }));
    this.output = output;
    this.classes = classes;
    this.halvings = halvings;
  }

  forward(images: Tensor, labels?: Tensor): Tensor {
    const [batch, height, width] = images.shape as [number, number, number];
    expectLabels("PixelCNNPlusPlus.forward", this.classes, batch, labels);
    const multiple = 2 ** this.halvings;
    if (height % multiple !== 0 || width % multiple !== 0) {
      throw new Error(
        `PixelCNNPlusPlus.forward: images must have sides that are multiples of ${multiple}, got [${images.shape.join(", ")}]`,
      );
    }
    return tidy(() => {
      let streams: Streams = {
        u: this.above.forward(images),
        ul: add(this.aboveNear.forward(images), this.left.forward(images)),
      };
      const passed: Streams[] = [];
      for (const [i, level] of this.downward.entries()) {
        const shrink = this.shrink[i - 1];
        if (shrink) {
          streams = { u: shrink.u.forward(streams.u), ul: shrink.ul.forward(streams.ul) };
        }
        streams = level.forward(streams, labels, (out) => passed.push(out));
      }
      for (const [i, level] of this.upward.entries()) {
        const grow = this.grow[i - 1];
        if (grow) streams = { u: twice(grow.u, streams.u), ul: twice(grow.ul, streams.ul) };
        streams = level.forward(streams, labels, () => {}, passed);
      }
      return this.head.forward(elu(streams.ul));
    });
  }
}

/** An image twice as large: each pixel becomes four. */
function twice(conv: WindowConv2d, x: Tensor): Tensor {
  return depthToSpace(conv.forward(x) as Tensor4D, 2, "NHWC");
}

/** The residual blocks of one resolution: the upper stream's also speak to the other's. */
class Level {
  readonly u: GatedResnet[];
  readonly ul: GatedResnet[];

  constructor(
    key: Key,
    features: number,
    options: { readonly blocks: number; readonly shortcut: number; readonly classes: number },
  ) {
    const { blocks, shortcut, classes } = options;
    const stream = (i: number, window: typeof down, others: number): GatedResnet[] =>
      Array.from(
        { length: blocks },
        (_, j) => new GatedResnet(foldIn(foldIn(key, i), j), features, window, { others, classes }),
      );
    this.u = stream(0, down, shortcut);
    this.ul = stream(1, downRight, features + shortcut);
  }

  /** @param shortcuts of which the last are taken, one for each block */
  forward(
    { u, ul }: Streams,
    labels: Tensor | undefined,
    made: (streams: Streams) => void,
    shortcuts: Streams[] = [],
  ): Streams {
    let now = { u, ul };
    for (const [i, block] of this.u.entries()) {
      const from = shortcuts.pop();
      const above = block.forward(now.u, from?.u, labels);
      const others = from ? concat([above, from.ul], -1) : above;
      now = { u: above, ul: (this.ul[i] as GatedResnet).forward(now.ul, others, labels) };
      made(now);
    }
    return now;
  }
}
