import { init, MaskedLinear, silu } from "@gen/nn";
import { foldIn, type Key, splitTensor, type Tensor, tidy } from "@gen/tensor";

export interface MaskedNetworkConfig {
  readonly features: number;
  /** Features of the hidden layers. */
  readonly hidden: readonly number[];
  /** Which feature comes first. "reversed" in every other layer of a flow lets each see each. */
  readonly order: "given" | "reversed";
}

/**
 * A perceptron of which what it says of a number depends on the numbers before it alone (Germain et al. 2015,
 * arXiv:1502.03509: MADE). Its last layer starts at zero.
 */
export class MaskedNetwork {
  readonly layers: MaskedLinear[];
  readonly parameters: number;

  /**
   * @param name of the caller, for its errors
   * @param parameters how many it gives of each number
   */
  constructor(name: string, key: Key, config: MaskedNetworkConfig, parameters: number) {
    const { features, hidden, order } = config;
    if (!(Number.isInteger(features) && features >= 1)) {
      throw new Error(`${name}: features must be a whole number of 1 or more, got ${features}`);
    }
    const given = Array.from({ length: features }, (_, i) => i + 1);
    const inputs = order === "given" ? given : given.toReversed();
    // Degrees of hidden units go round 1 … features − 1, so that every one of them matters to some output.
    const degrees = hidden.map((width) =>
      Array.from({ length: width }, (_, i) => 1 + (i % Math.max(features - 1, 1))),
    );
    const outputs = Array.from({ length: parameters }, () => inputs).flat();
    const levels = [inputs, ...degrees, outputs];
    this.layers = levels.slice(1).map((to, i) => {
      const last = i === hidden.length;
      return new MaskedLinear(foldIn(key, i), levels[i] as number[], to, {
        strict: last,
        ...(last && { init: init.zeros }),
      });
    });
    this.parameters = parameters;
  }

  /** x [batch, features] → as many tensors of this shape as there are parameters. The caller disposes of them. */
  forward(x: Tensor): Tensor[] {
    return tidy(() => {
      const out = this.layers.reduce((h, layer, i) => layer.forward(i === 0 ? h : silu(h)), x);
      return splitTensor(out, this.parameters, 1);
    });
  }
}
