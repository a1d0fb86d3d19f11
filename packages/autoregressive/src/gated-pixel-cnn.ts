import { Embedding } from "@gen/nn";
import { add, foldIn, type Key, relu, reshape, type Tensor, tidy } from "@gen/tensor";
import { expectLabels } from "./expect-labels.ts";
import { gated } from "./gate.ts";
import type { RowPixelModel } from "./pixel-loss.ts";
import type { PixelOutput } from "./pixel-output.ts";
import { WindowConv2d } from "./window-conv2d.ts";

export interface GatedPixelCNNConfig {
  readonly output: PixelOutput;
  /** Features of each stack: a multiple of the channels. */
  readonly features: number;
  /** How many layers. */
  readonly depth: number;
  /** Odd. Default 3; the first layer's kernel is 7. */
  readonly kernelSize?: number;
  /** Default 0: no labels. The label `classes` says «no label», for guidance. */
  readonly classes?: number;
}

const pixel = { top: 0, bottom: 0, left: 0, right: 0 };

/**
 * Gated PixelCNN (van den Oord et al. 2016, arXiv:1606.05328): a vertical stack sees all rows above, a horizontal stack
 * the row so far and the vertical one, so there is no blind spot; each layer is gated, y = tanh(a) ⊙ σ(b), eq. 2, and
 * a label adds to a and b, eq. 4.
 */
export class GatedPixelCNN implements RowPixelModel {
  readonly layers: GatedLayer[];
  readonly out1: WindowConv2d;
  readonly out2: WindowConv2d;
  readonly output: PixelOutput;
  readonly classes: number;

  constructor(key: Key, config: GatedPixelCNNConfig) {
    const { output, features, depth, kernelSize = 3, classes = 0 } = config;
    if (!(kernelSize % 2 === 1 && depth >= 1)) {
      throw new Error(
        `GatedPixelCNN: kernelSize must be odd and depth 1 or more, got ${kernelSize} and ${depth}`,
      );
    }
    const { steps: groups, channels } = output;
    this.layers = Array.from(
      { length: depth },
      (_, i) =>
        new GatedLayer(foldIn(key, i + 2), {
          inFeatures: i === 0 ? channels : features,
          features,
          reach: i === 0 ? 3 : (kernelSize - 1) / 2,
          first: i === 0,
          groups,
          classes,
        }),
    );
    const b = { mask: "B", groups } as const;
    this.out1 = new WindowConv2d(foldIn(key, 0), features, features, pixel, b);
    this.out2 = new WindowConv2d(foldIn(key, 1), features, output.parameters, pixel, b);
    this.output = output;
    this.classes = classes;
  }

  forward(images: Tensor, labels?: Tensor): Tensor {
    return tidy(() => this.along(images, this.above(images, labels), labels));
  }

  above(images: Tensor, labels?: Tensor): Tensor[] {
    expectLabels("GatedPixelCNN", this.classes, images.shape[0] as number, labels);
    return tidy(() => {
      let vertical = images;
      return this.layers.map((layer) => {
        const above = layer.vertical.forward(vertical);
        vertical = gated(layer.told(above, labels));
        return layer.across.forward(above);
      });
    });
  }

  along(images: Tensor, above: readonly Tensor[], labels?: Tensor): Tensor {
    return tidy(() => {
      const horizontal = this.layers.reduce(
        (x, layer, i) => layer.along(x, above[i] as Tensor, labels),
        images,
      );
      return this.out2.forward(relu(this.out1.forward(relu(horizontal))));
    });
  }
}

interface GatedLayerConfig {
  readonly inFeatures: number;
  readonly features: number;
  /** How far the windows reach. */
  readonly reach: number;
  /** Whether it sees the image itself: then strictly what is above, and strictly what is left. */
  readonly first: boolean;
  readonly groups: number;
  readonly classes: number;
}

/** Figure 2 of the paper. After the first layer, the vertical stack at a row stands for the rows above it. */
class GatedLayer {
  readonly vertical: WindowConv2d;
  readonly horizontal: WindowConv2d;
  readonly across: WindowConv2d;
  readonly proj: WindowConv2d;
  readonly label: Embedding | undefined;
  readonly first: boolean;

  constructor(key: Key, { inFeatures, features, reach, first, groups, classes }: GatedLayerConfig) {
    const at = (i: number): Key => foldIn(key, i);
    const bottom = first ? -1 : 0;
    const above = { top: reach, bottom, left: reach, right: reach };
    const before = { top: 0, bottom: 0, left: reach, right: 0 };
    const mask = first ? "A" : "B";
    this.vertical = new WindowConv2d(at(0), inFeatures, 2 * features, above);
    this.horizontal = new WindowConv2d(at(1), inFeatures, 2 * features, before, { mask, groups });
    this.across = new WindowConv2d(at(2), 2 * features, 2 * features, pixel);
    this.proj = new WindowConv2d(at(3), features, features, pixel, { mask: "B", groups });
    this.label = classes > 0 ? new Embedding(at(4), classes + 1, 2 * features) : undefined;
    this.first = first;
  }

  /** The horizontal stack's next features. Inside a tidy. */
  along(x: Tensor, above: Tensor, labels?: Tensor): Tensor {
    const h = add(this.horizontal.forward(x), above);
    const out = this.proj.forward(gated(this.told(h, labels)));
    return this.first ? out : add(x, out);
  }

  /** What goes into a gate, and the label. Inside a tidy. */
  told(x: Tensor, labels?: Tensor): Tensor {
    if (!this.label || !labels) return x;
    return add(x, reshape(this.label.forward(labels), [-1, 1, 1, x.shape[3] as number]));
  }
}
