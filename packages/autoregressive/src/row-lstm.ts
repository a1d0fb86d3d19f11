import {
  add,
  concat,
  foldIn,
  type Key,
  mul,
  relu,
  sigmoid,
  slice,
  splitTensor,
  tanh,
  type Tensor,
  tidy,
  zeros,
} from "@gen/tensor";
import { expectLabels } from "./expect-labels.ts";
import type { PixelModel } from "./pixel-loss.ts";
import type { PixelOutput } from "./pixel-output.ts";
import { WindowConv2d } from "./window-conv2d.ts";

export interface RowLSTMConfig {
  readonly output: PixelOutput;
  /** Features of the state, h of the paper: a multiple of the channels. */
  readonly features: number;
  /** How many LSTM layers. */
  readonly depth: number;
}

const pixel = { top: 0, bottom: 0, left: 0, right: 0 };

/**
 * PixelRNN with row LSTMs (van den Oord et al. 2016, arXiv:1601.06759, section 3.1 and table 1): a 7×7 convolution with
 * mask A, LSTM layers that go down the image a row at a time, residual, and two 1×1 with mask B. What it sees above is a
 * triangle, as in the paper: wide images have pixels that it does not see.
 */
export class RowLSTM implements PixelModel {
  readonly input: WindowConv2d;
  readonly layers: RowLSTMLayer[];
  readonly out1: WindowConv2d;
  readonly out2: WindowConv2d;
  readonly output: PixelOutput;
  readonly classes = 0;

  constructor(key: Key, { output, features, depth }: RowLSTMConfig) {
    const { steps: groups, channels } = output;
    const b = { mask: "B", groups } as const;
    const window = { top: 3, bottom: 0, left: 3, right: 3 };
    const at = (i: number): Key => foldIn(key, i);
    this.input = new WindowConv2d(at(0), channels, features, window, { mask: "A", groups });
    this.layers = Array.from(
      { length: depth },
      (_, i) => new RowLSTMLayer(at(i + 3), features, groups),
    );
    this.out1 = new WindowConv2d(at(1), features, features, pixel, b);
    this.out2 = new WindowConv2d(at(2), features, output.parameters, pixel, b);
    this.output = output;
  }

  forward(images: Tensor, labels?: Tensor): Tensor {
    expectLabels("RowLSTM.forward", this.classes, images.shape[0] as number, labels);
    return tidy(() => {
      const h = this.layers.reduce(
        (x, layer) => add(x, layer.forward(x)),
        this.input.forward(images),
      );
      return this.out2.forward(relu(this.out1.forward(relu(h))));
    });
  }
}

/** Equation 3 of the paper: gates from the row (mask B) and from three neighbours in the state of the row above. */
class RowLSTMLayer {
  readonly inputToState: WindowConv2d;
  readonly stateToState: WindowConv2d;

  constructor(key: Key, features: number, groups: number) {
    const row = { top: 0, bottom: 0, left: 1, right: 1 };
    const masked = { mask: "B", groups } as const;
    this.inputToState = new WindowConv2d(foldIn(key, 0), features, 4 * features, row, masked);
    this.stateToState = new WindowConv2d(foldIn(key, 1), features, 4 * features, row);
  }

  forward(x: Tensor): Tensor {
    const [batch, height, width, features] = x.shape as [number, number, number, number];
    const fromInput = this.inputToState.forward(x);
    let hidden: Tensor = zeros([batch, 1, width, features]);
    let cell: Tensor = hidden;
    const rows: Tensor[] = [];
    for (let i = 0; i < height; i++) {
      const row = slice(fromInput, [0, i, 0, 0], [batch, 1, width, 4 * features]);
      const gates = add(row, this.stateToState.forward(hidden));
      const [output, forget, input, content] = splitTensor(gates, 4, -1) as [
        Tensor,
        Tensor,
        Tensor,
        Tensor,
      ];
      cell = add(mul(sigmoid(forget), cell), mul(sigmoid(input), tanh(content)));
      hidden = mul(sigmoid(output), tanh(cell));
      rows.push(hidden);
    }
    return concat(rows, 1);
  }
}
