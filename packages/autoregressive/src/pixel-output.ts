import {
  categoricalDistribution,
  colorLogisticMixture,
  discretizedLogistic,
  type Distribution,
  mixture,
} from "@gen/probability";
import {
  add,
  cast,
  maximum,
  mul,
  reshape,
  round,
  slice,
  sub,
  sum,
  type Tensor,
  tidy,
  transpose,
} from "@gen/tensor";
import { guided } from "./guidance.ts";

/** What the numbers that a network gives for a pixel mean: a distribution of its channels. */
export interface PixelOutput {
  readonly name: string;
  readonly channels: number;
  /** Evenly from −1 to 1. */
  readonly levels: number;
  /** How many numbers the network gives for a pixel. */
  readonly parameters: number;
  /** How many draws a pixel takes: its channels, where the network itself lets one depend on those before it. */
  readonly steps: number;
  /** log p of each pixel in nats [batch, height, width], of images in [−1, 1]. The caller disposes of it. */
  logProb(parameters: Tensor, images: Tensor): Tensor;
  /** Parameters that are moved away from those without labels; only where they are logits. Inside a tidy. */
  guided?(both: Tensor, scale: number): Tensor;
  /** A draw of each pixel from a key [batch, height, width, channels]; the caller disposes of it. */
  sample(parameters: Tensor, key: Parameters<Distribution["sample"]>[0]): Tensor;
}

/**
 * Each channel is one of `levels` grey levels by a softmax (van den Oord et al. 2016, arXiv:1601.06759, section 3.3);
 * two levels are a binary image. The network orders the channels by its masks.
 */
export function levelsOutput({
  channels,
  levels,
}: {
  readonly channels: number;
  readonly levels: number;
}): PixelOutput {
  expectWhole("levelsOutput", "channels", channels, 1);
  expectWhole("levelsOutput", "levels", levels, 2);
  // Feature i belongs to channel i mod channels, as the groups of the masks.
  const of = (parameters: Tensor): ReturnType<typeof categoricalDistribution> => {
    const lead = parameters.shape.slice(0, -1);
    const split = reshape(parameters, [-1, levels, channels]);
    const logits = reshape(transpose(split, [0, 2, 1]), [...lead, channels, levels]);
    return categoricalDistribution(logits);
  };
  return {
    name: "levelsOutput",
    channels,
    levels,
    parameters: channels * levels,
    steps: channels,
    logProb: (parameters, images) =>
      tidy(() => {
        const numbers = round(mul(add(images, 1), (levels - 1) / 2));
        return sum(of(parameters).logProb(numbers), -1);
      }),
    guided,
    sample: (parameters, key) =>
      tidy(() => {
        const numbers = cast(of(parameters).sample(key), "float32");
        return sub(mul(numbers, 2 / (levels - 1)), 1);
      }),
  };
}

/**
 * A mixture of discretised logistics (PixelCNN++, Salimans et al. 2017, arXiv:1701.05517, eqs. 2 and 3): of one grey
 * channel, or of three whose means depend on one another, drawn at once.
 */
export function mixtureOutput({
  channels,
  components = 10,
  levels = 256,
}: {
  readonly channels: 1 | 3;
  readonly components?: number;
  readonly levels?: number;
}): PixelOutput {
  expectWhole("mixtureOutput", "components", components, 1);
  expectWhole("mixtureOutput", "levels", levels, 2);
  if (channels !== 1 && channels !== 3) {
    throw new Error(`mixtureOutput: channels must be 1 or 3, got ${channels as number}`);
  }
  const of = channels === 3 ? colours : greys;
  return {
    name: "mixtureOutput",
    channels,
    levels,
    parameters: (channels === 3 ? 10 : 3) * components,
    steps: 1,
    logProb: (parameters, images) =>
      tidy(() => {
        const { shape } = images;
        const x = channels === 3 ? images : reshape(images, shape.slice(0, -1));
        return of(parameters, components, levels).logProb(x);
      }),
    sample: (parameters, key) =>
      tidy(() => {
        const drawn = of(parameters, components, levels).sample(key);
        return reshape(drawn, [...parameters.shape.slice(0, -1), channels]);
      }),
  };
}

function colours(parameters: Tensor, _components: number, levels: number): Distribution {
  return colorLogisticMixture(parameters, { levels });
}

function greys(parameters: Tensor, components: number, levels: number): Distribution {
  const lead = parameters.shape.slice(0, -1);
  const [logits, means, logScales] = [0, 1, 2].map((part) =>
    slice(parameters, [...lead.map(() => 0), part * components], [...lead, components]),
  ) as [Tensor, Tensor, Tensor];
  return mixture(logits, discretizedLogistic(means, maximum(logScales, -7), { levels }));
}

function expectWhole(caller: string, name: string, value: number, from: number): void {
  if (Number.isInteger(value) && value >= from) return;
  throw new Error(`${caller}: ${name} must be a whole number of ${from} or more, got ${value}`);
}
