import { foldIn, type Key, add, relu, type Tensor, tidy } from "@gen/tensor";
import { expectLabels } from "./expect-labels.ts";
import type { PixelModel } from "./pixel-loss.ts";
import type { PixelOutput } from "./pixel-output.ts";
import { WindowConv2d } from "./window-conv2d.ts";

export interface PixelCNNConfig {
  readonly output: PixelOutput;
  /** Features inside a block, h of the paper: a multiple of the channels. Between blocks there are 2h. */
  readonly features: number;
  /** How many residual blocks. */
  readonly depth: number;
}

const pixel = { top: 0, bottom: 0, left: 0, right: 0 };

/**
 * PixelCNN (van den Oord et al. 2016, arXiv:1601.06759, table 1): a 7×7 convolution with mask A, residual blocks of 1×1,
 * 3×3, 1×1 with mask B, two 1×1. It has a blind spot: pixels above and to the right that no path reaches;
 * `GatedPixelCNN` has none.
 */
export class PixelCNN implements PixelModel {
  readonly input: WindowConv2d;
  readonly blocks: { down: WindowConv2d; conv: WindowConv2d; up: WindowConv2d }[];
  readonly out1: WindowConv2d;
  readonly out2: WindowConv2d;
  readonly output: PixelOutput;
  readonly classes = 0;

  constructor(key: Key, { output, features: h, depth }: PixelCNNConfig) {
    const { steps: groups, channels } = output;
    const b = { mask: "B", groups } as const;
    const window = (r: number): typeof pixel => ({ top: r, bottom: 0, left: r, right: r });
    this.input = new WindowConv2d(foldIn(key, 0), channels, 2 * h, window(3), { ...b, mask: "A" });
    this.blocks = Array.from({ length: depth }, (_, i) => {
      const at = foldIn(key, i + 3);
      return {
        down: new WindowConv2d(foldIn(at, 0), 2 * h, h, pixel, b),
        conv: new WindowConv2d(foldIn(at, 1), h, h, window(1), b),
        up: new WindowConv2d(foldIn(at, 2), h, 2 * h, pixel, b),
      };
    });
    this.out1 = new WindowConv2d(foldIn(key, 1), 2 * h, 2 * h, pixel, b);
    this.out2 = new WindowConv2d(foldIn(key, 2), 2 * h, output.parameters, pixel, b);
    this.output = output;
  }

  forward(images: Tensor, labels?: Tensor): Tensor {
    expectLabels("PixelCNN.forward", this.classes, images.shape[0] as number, labels);
    return tidy(() => {
      const h = this.blocks.reduce((x, { down, conv, up }) => {
        const inner = conv.forward(relu(down.forward(relu(x))));
        return add(x, up.forward(relu(inner)));
      }, this.input.forward(images));
      return this.out2.forward(relu(this.out1.forward(relu(h))));
    });
  }
}
