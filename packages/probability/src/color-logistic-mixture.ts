import {
  add,
  argMax,
  cast,
  concat,
  expandDims,
  gumbel,
  logSoftmax,
  maximum,
  mul,
  oneHot,
  slice,
  sum,
  tanh,
  type Tensor,
  tidy,
} from "@gen/tensor";
import { split } from "@gen/random";
import {
  discretizedLogistic,
  discretizedLogProb,
  expectLevels,
  type Levels,
} from "./discretized-logistic.ts";
import type { Distribution } from "./distribution.ts";
import { logSumExp } from "./log-sum-exp.ts";
import { expectEvents } from "./parameter.ts";

export interface ColorLogisticMixtureOptions extends Levels {
  /** Log-scales are kept from falling below it. Default −7, as the paper's code. */
  minLogScale?: number;
}

/**
 * PixelCNN++'s distribution of a colour pixel (Salimans et al. 2017, arXiv:1701.05517, eqs. 2 and 3): a mixture of K
 * components, each a product of three discretised logistics where the mean of green moves linearly with red, and that of
 * blue with red and green. Events are [3] with the levels −1 … 1; its batch is one for each pixel.
 *
 * @param parameters [..., 10·K], a network's output in the layout of the paper's code: K logits of the components, then
 *   for each of the three channels K means, K log-scales and K coefficients before their tanh (green on red, blue on
 *   red, blue on green)
 */
export function colorLogisticMixture(
  parameters: Tensor,
  { levels = 256, minLogScale = -7 }: ColorLogisticMixtureOptions = {},
): Distribution {
  const name = "colorLogisticMixture";
  expectLevels(name, levels);
  const size = parameters.shape.at(-1) ?? 0;
  if (size === 0 || size % 10 !== 0) {
    throw new Error(
      `${name}: parameters must be [..., 10·K], got a tensor of shape [${parameters.shape}]`,
    );
  }
  const count = size / 10;
  const batchShape = parameters.shape.slice(0, -1);
  const shapes = { batchShape, eventShape: [3] };

  const part = (from: number, to: number): Tensor => {
    const start = batchShape.map(() => 0);
    return slice(parameters, [...start, from], [...batchShape, to - from]);
  };
  const read = (): { logits: Tensor; mean: Tensor[]; logScale: Tensor[]; slope: Tensor[] } => {
    const of = (kind: number): Tensor[] =>
      [0, 1, 2].map((channel) => {
        const from = count * (1 + 3 * channel + kind);
        return part(from, from + count);
      });
    return {
      logits: part(0, count),
      mean: of(0),
      logScale: of(1).map((s) => maximum(s, minLogScale)),
      slope: of(2).map((s) => tanh(s)),
    };
  };

  return {
    name,
    ...shapes,
    logProb: (x) => {
      expectEvents(`${name}.logProb`, shapes, x);
      return tidy(() => {
        const { logits, mean, logScale, slope } = read();
        const lead = x.shape.slice(0, -1);
        // [..., 1], so that it broadcasts with the components.
        const value = [0, 1, 2].map((c) => slice(x, [...lead.map(() => 0), c], [...lead, 1]));
        const means = conditionalMeans(mean, slope, value);
        const each = means.map((m, c) => discretizedLogProb(value[c]!, m, logScale[c]!, levels));
        return logSumExp(add(logSoftmax(logits), add(add(each[0]!, each[1]!), each[2]!)), -1);
      });
    },
    sample: (key, shape = []) =>
      tidy(() => {
        const [chooseKey, ...keys] = split(key, 4);
        const { logits, mean, logScale, slope } = read();
        const scores = add(logits, gumbel(chooseKey, [...shape, ...logits.shape]));
        const chosen = cast(oneHot(argMax(scores, -1), count), "float32");
        const choose = (each: Tensor[]): Tensor[] => each.map((v) => sum(mul(chosen, v), -1));
        const [means, scales, slopes] = [mean, logScale, slope].map(choose) as [
          Tensor[],
          Tensor[],
          Tensor[],
        ];
        const value: Tensor[] = [];
        for (const [c, channelKey] of keys.entries()) {
          const loc = conditionalMeans(means, slopes, value)[c]!;
          value.push(discretizedLogistic(loc, scales[c]!, { levels }).sample(channelKey));
        }
        return concat(
          value.map((v) => expandDims(v, -1)),
          -1,
        );
      }),
  };
}

/** The means of red, green and blue given the values of the channels before them, as far as those are there. */
function conditionalMeans(mean: Tensor[], slope: Tensor[], [red, green]: Tensor[]): Tensor[] {
  const means = [mean[0]!];
  if (red) means.push(add(mean[1]!, mul(slope[0]!, red)));
  if (red && green) means.push(add(mean[2]!, add(mul(slope[1]!, red), mul(slope[2]!, green))));
  return means;
}
