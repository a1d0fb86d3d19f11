import { Embedding, init } from "@gen/nn";
import { add, concat, elu, foldIn, type Key, neg, reshape, type Tensor, tidy } from "@gen/tensor";
import { gated } from "./gate.ts";
import { type Window, WindowConv2d } from "./window-conv2d.ts";

/** [elu(x), elu(−x)] over the features. */
const concatElu = (x: Tensor): Tensor => elu(concat([x, neg(x)], -1));

/**
 * PixelCNN++'s residual block (Salimans et al. 2017, arXiv:1701.05517, section 2.4 and the paper's code): two
 * convolutions over a window with concatenated elu before each, a gate, and in between what another stream or a shortcut
 * adds. Without the paper's weight normalisation and dropout; the last layer starts small instead.
 */
export class GatedResnet {
  readonly conv1: WindowConv2d;
  readonly skip: WindowConv2d | undefined;
  readonly label: Embedding | undefined;
  readonly conv2: WindowConv2d;

  /** @param others how many features are added in between; 0: none */
  constructor(
    key: Key,
    features: number,
    window: Window,
    { others, classes }: { readonly others: number; readonly classes: number },
  ) {
    const pixel = { top: 0, bottom: 0, left: 0, right: 0 };
    const at = (i: number): Key => foldIn(key, i);
    this.conv1 = new WindowConv2d(at(0), 2 * features, features, window);
    this.skip = others > 0 ? new WindowConv2d(at(1), 2 * others, features, pixel) : undefined;
    this.label = classes > 0 ? new Embedding(at(2), classes + 1, 2 * features) : undefined;
    this.conv2 = new WindowConv2d(at(3), 2 * features, 2 * features, window, {
      init: init.scaled(init.kaimingUniform, 0.1),
    });
  }

  /** x [batch, height, width, features] → the same shape. The caller disposes of it. */
  forward(x: Tensor, others?: Tensor, labels?: Tensor): Tensor {
    return tidy(() => {
      const seen = this.conv1.forward(concatElu(x));
      const inner = this.skip && others ? add(seen, this.skip.forward(concatElu(others))) : seen;
      const out = this.conv2.forward(concatElu(inner));
      const label =
        this.label && labels ? reshape(this.label.forward(labels), [-1, 1, 1, out.shape[3]!]) : 0;
      return add(
        x,
        gated(add(out, label), (a) => a),
      );
    });
  }
}
