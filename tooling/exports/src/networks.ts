import * as autoregressive from "@gen/autoregressive";
import {
  CausalTransformer,
  DiffusionHead,
  gaussianOutput,
  GatedPixelCNN,
  levelsOutput,
  Made,
  MAR,
  mixtureOutput,
  NextScaleTransformer,
  PixelCNN,
  PixelCNNPlusPlus,
  RowLSTM,
  WindowConv2d,
} from "@gen/autoregressive";
import * as diffusion from "@gen/diffusion";
import {
  Conditioning,
  denoiser,
  DiT,
  DiTBlock,
  LabelEmbedding,
  type Network,
  UNet,
  type UNetConfig,
  VelocityMLP,
} from "@gen/diffusion";
import * as gan from "@gen/gan";
import {
  ConditionalBatchNorm2d,
  DCGANDiscriminator,
  DCGANGenerator,
  DiscriminatorBlock,
  Equalized,
  GeneratorBlock,
  MappingNetwork,
  ModulatedConv2d,
  PatchDiscriminator,
  PointDiscriminator,
  PointGenerator,
  R3GANBlock,
  R3GANDiscriminator,
  R3GANGenerator,
  ResNetDiscriminator,
  ResNetGenerator,
  SpectralNorm,
  StyleDiscriminator,
  StyleGenerator,
} from "@gen/gan";
import * as nn from "@gen/nn";
import {
  AttentionBlock,
  BatchNorm2d,
  Conv2d,
  ConvTranspose2d,
  Downsample,
  Embedding,
  FourierEmbedding,
  GroupNorm,
  LayerNorm,
  Linear,
  MaskedLinear,
  Mlp,
  MultiheadAttention,
  PatchEmbedding,
  ResidualBlock,
  RMSNorm,
  state,
  TimeEmbedding,
  Upsample,
} from "@gen/nn";
import { classifierFree, ddpm, heun, unrolled } from "@gen/samplers";
import { uniformGrid } from "@gen/schedules";
import {
  add,
  concat,
  foldIn,
  grad,
  type Key,
  key,
  normal,
  randint,
  reshape,
  sum,
  type Tensor,
  tidy,
  uniform,
} from "@gen/tensor";
import * as vae from "@gen/vae";
import {
  ActNorm,
  AffineCoupling,
  MaskedAutoregressive,
  NormalizingFlow,
  Conditioned,
  ConvDecoder,
  DenseNetwork,
  ConvEncoder,
  convVAE,
  type ConvVAEConfig,
} from "@gen/vae";

/** Something that is exported and then run elsewhere. */
export interface Exported {
  name: string;
  /** Its weights, by name. */
  weights: ReturnType<typeof state>;
  /** Made for a batch of this size. */
  inputs(batch: number): Tensor[];
  /** Of those that work at one batch size only: that one. */
  batch?: number;
  run(...inputs: Tensor[]): Tensor;
}

type Shape = readonly number[];
/** What one of the inputs is, but for its batch axis: numbers of a shape, or labels below a bound. */
type Input = Shape | { below: number; shape?: Shape };

const image = [8, 8, 3];
const channels8 = [6, 6, 8];
const tokens = [5, 8];
const weightsKey = key(1);

function of<M extends { forward(...inputs: never[]): unknown }>(
  model: M,
  inputs: readonly Input[],
  run?: (model: M, ...inputs: Tensor[]) => Tensor,
): Exported {
  const forward = model.forward.bind(model) as unknown as (...tensors: Tensor[]) => Tensor;
  return exported(
    model.constructor.name,
    model,
    inputs,
    run ? (...x) => run(model, ...x) : forward,
  );
}

function exported(
  name: string,
  model: object,
  inputs: readonly Input[],
  run: (...inputs: Tensor[]) => Tensor,
): Exported {
  return {
    name,
    weights: disturbed(model),
    inputs: (batch) => inputs.map((input, i) => made(foldIn(key(2), i), input, batch)),
    run: (...tensors) => tidy(() => run(...tensors)),
  };
}

/** Numbers that follow from a key: the same in every run. */
function made(inputKey: Key, input: Input, batch: number): Tensor {
  return "below" in input
    ? randint(inputKey, [batch, ...(input.shape ?? [])], 0, input.below)
    : normal(inputKey, [batch, ...input]);
}

/** Layers begin with zeros and ones here and there, which would hide mistakes: all weights move a little, upwards. */
function disturbed(model: object): ReturnType<typeof state> {
  const weights = state(model);
  Object.values(weights).forEach((weight, i) => {
    const moved = tidy(() => add(weight, uniform(foldIn(weightsKey, i), weight.shape, 0.05, 0.25)));
    weight.assign(moved);
    moved.dispose();
  });
  return weights;
}

/** Every class of the repository that has a forward pass, small; and functions made of them. */
export function networks(): Exported[] {
  const k = key(0);
  const condition = [16];
  const unet = { imageSize: 8, inChannels: 3, baseChannels: 8, multipliers: [1, 2], blocks: 1 };
  const dit = { imageSize: 8, inChannels: 3, patch: 2, width: 16, depth: 2, heads: 2 };
  const blocks = { width: 16, depth: 2, heads: 2 };
  const gpt = { ...blocks, vocabulary: 11, maxTokens: 5 };
  const dcgan = { imageSize: 16, imageChannels: 3, latents: 6, baseChannels: 4 };
  const gray = [6, 6, 1];
  const levels = levelsOutput({ channels: 1, levels: 4 });
  const mixture = mixtureOutput({ channels: 3, components: 2 });
  const conv = { imageSize: 16, channels: [4, 8] };
  const labels = (model: Network, x?: Tensor, t?: Tensor, y?: Tensor): Tensor =>
    model.forward(x as Tensor, t as Tensor, { labels: y });

  return [
    of(new AttentionBlock(k, 8), [channels8]),
    of(new BatchNorm2d(8), [channels8]),
    of(new Conv2d(k, 8, 5, 3, { stride: 2 }), [channels8]),
    of(new ConvTranspose2d(k, 8, 5, 4, { stride: 2 }), [channels8]),
    of(new Downsample(k, 8), [channels8]),
    of(new Embedding(k, 7, 4), [{ below: 7 }]),
    of(new FourierEmbedding(k, 8, { scale: 1 }), [[]]),
    of(new GroupNorm(2, 8), [channels8]),
    of(new LayerNorm(8), [tokens]),
    of(new Linear(k, 8, 5), [tokens]),
    of(new Mlp(k, 8, 12), [tokens]),
    of(new MultiheadAttention(k, 8, 2), [tokens]),
    of(new PatchEmbedding(k, 2, 3, 6), [image]),
    of(new ResidualBlock(k, 8, 12), [channels8]),
    of(new RMSNorm(8), [tokens]),
    of(new TimeEmbedding(k, 8, 6), [[]]),
    of(new Upsample(k, 8), [channels8]),
    of(new Conditioning(k, 8, 16, 4), [[], { below: 5 }], (m, t, y) =>
      m.forward(t as Tensor, { labels: y }),
    ),
    of(new DiT(k, { ...dit, classes: 4 }), [image, [], { below: 5 }], labels),
    of(new DiTBlock(k, 16, 2), [[5, 16], condition]),
    of(new LabelEmbedding(k, 4, 8), [{ below: 5 }], (m, y) => m.forward(y, 0)),
    of(new UNet(k, { ...unet, classes: 4 }), [image, [], { below: 5 }], labels),
    of(new VelocityMLP(k, { width: 16, depth: 2 }), [[2], []]),
    of(new ConvEncoder(k, { ...conv, inChannels: 3, outShape: [6] }), [[16, 16, 3]]),
    of(new ConvDecoder(k, { ...conv, inShape: [3], outChannels: 3 }), [[3]]),
    of(new DenseNetwork(k, { inShape: [4, 3], outShape: [5], hidden: [8] }), [[4, 3]]),
    of(
      new Conditioned(k, new DenseNetwork(k, { inShape: [6], outShape: [5] }), {
        classes: 3,
        labelFeatures: 4,
      }),
      [[2], { below: 3 }],
    ),
    of(new DCGANGenerator(k, dcgan), [[6]]),
    of(new DCGANDiscriminator(k, dcgan), [[16, 16, 3]]),
    of(new ActNorm(4), [[4]], moved),
    of(new AffineCoupling(k, { features: 4, hidden: [8], keeps: "first" }), [[4]], moved),
    of(new MaskedAutoregressive(k, { features: 4, hidden: [8], order: "reversed" }), [[4]], moved),
    of(new NormalizingFlow(4, [new ActNorm(4)]), [[4]], moved),
    of(new ConditionalBatchNorm2d(k, 8, 5), [channels8, [5]], (m, x, e) =>
      m.forward(x as Tensor, "inference", e),
    ),
    of(new DiscriminatorBlock(k, 8, 8), [channels8], (m, x) => m.forward(x as Tensor, "inference")),
    of(new Equalized(new Linear(k, 8, 5, { bias: false })), [tokens]),
    of(new GeneratorBlock(k, 8, 6, 5), [channels8, [5]], (m, x, e) =>
      m.forward(x as Tensor, "inference", e),
    ),
    of(new MappingNetwork(k, 6, { depth: 2 }), [[6]]),
    of(new ModulatedConv2d(k, 8, 5, 3), [channels8, [8]]),
    of(new PatchDiscriminator(k, { imageChannels: 3, baseChannels: 4, depth: 2 }), [[32, 32, 3]]),
    of(new R3GANBlock(k, 8, 2), [channels8]),
    of(new R3GANDiscriminator(k, { ...dcgan, blocks: 1 }), [[16, 16, 3]]),
    of(new R3GANGenerator(k, { ...dcgan, blocks: 1 }), [[6]]),
    of(
      new ResNetDiscriminator(k, { ...dcgan, classes: 3 }),
      [[16, 16, 3], { below: 3 }],
      (m, x, y) => m.forward(x as Tensor, "inference", y),
    ),
    of(new ResNetGenerator(k, { ...dcgan, classes: 3 }), [[6], { below: 3 }], (m, z, y) =>
      m.forward(z as Tensor, "inference", { labels: y as Tensor }),
    ),
    // It compares the images of a group.
    { ...of(new StyleDiscriminator(k, dcgan), [[16, 16, 3]]), batch: 4 },
    of(new StyleGenerator(k, { ...dcgan, mapping: { depth: 2 } }), [[6]]),
    of(new PointGenerator(k, { width: 8, depth: 1 }), [[2]]),
    of(new PointDiscriminator(k, { width: 8, depth: 1 }), [[2]]),
    of(new SpectralNorm(k, new Conv2d(k, 8, 5, 3, { bias: false })), [channels8]),
    of(new MaskedLinear(k, [1, 2, 3], [1, 2, 2, 3], { strict: false }), [[3]]),
    of(new Made(k, { features: 4, hidden: [8], output: gaussianOutput }), [[4]]),
    of(new WindowConv2d(k, 3, 6, { top: 1, bottom: 0, left: 1, right: 1 }), [image]),
    of(new PixelCNN(k, { output: levels, features: 8, depth: 2 }), [gray]),
    of(new RowLSTM(k, { output: levels, features: 8, depth: 1 }), [gray]),
    of(new GatedPixelCNN(k, { output: levels, features: 8, depth: 2, classes: 3 }), [
      gray,
      { below: 3 },
    ]),
    of(new PixelCNNPlusPlus(k, { output: mixture, features: 8, blocks: 1, halvings: 1 }), [image]),
    of(new NextScaleTransformer(k, { ...blocks, vocabulary: 7, scales: [1, 2], classes: 3 }), [
      { below: 7, shape: [5] },
      { below: 3 },
    ]),
    of(new DiffusionHead(k, { features: 3, condition: 8, width: 16, depth: 2 }), [[3], [], [8]]),
    of(
      new MAR(k, { ...blocks, tokens: 5, features: 3, head: { width: 8, depth: 1 }, classes: 4 }),
      [[5, 3], [5], { below: 5 }],
    ),
    of(new CausalTransformer(k, { ...gpt, classes: 3 }), [{ below: 11, shape: [5] }, { below: 3 }]),
    ...composed(k, unet, conv),
  ];
}

/** What a bijector gives, in one tensor. */
function moved(
  bijector: { forward(x: Tensor): { value: Tensor; logDeterminant: Tensor } },
  x?: Tensor,
): Tensor {
  const { value, logDeterminant } = bijector.forward(x as Tensor);
  return concat([value, reshape(logDeterminant, [-1, 1])], 1);
}

/** What is made of them: no class of its own, but what people export. */
function composed(
  k: Key,
  unet: UNetConfig,
  conv: Omit<ConvVAEConfig, "inChannels" | "latentShape">,
): Exported[] {
  const network = new UNet(k, { ...unet, classes: 4 });
  const flow = denoiser(network);
  const points = new VelocityMLP(k, { width: 16, depth: 2 });
  const energy = new Mlp(k, 2, 16, { outFeatures: 1 });
  const autoencoder = convVAE(k, { ...conv, inChannels: 3, latentShape: [3] });
  return [
    exported("a denoiser, compiled by itself", network, [image, [], { below: 5 }], (x, t, y) =>
      flow.predict(x as Tensor, t as Tensor, y),
    ),
    exported("a sampler of 3 steps with guidance", network, [image, { below: 4 }], (x, y) =>
      unrolled(classifierFree(flow, { scale: 2 }), heun(uniformGrid(3)))(x as Tensor, y),
    ),
    exported("an autoencoder's encoding", autoencoder, [[16, 16, 3]], (x) => {
      const { mean, logVariance } = autoencoder.encode(x as Tensor);
      return add(mean, logVariance);
    }),
    exported("an autoencoder's decoding", autoencoder, [[3]], (z) =>
      autoencoder.decode(z as Tensor),
    ),
    exported("a score, the gradient of an energy", energy, [[2]], (x) =>
      grad((at: Tensor) => sum(energy.forward(at)))(x as Tensor),
    ),
    exported("a vector field", points, [[2], []], (x, t) =>
      points.forward(x as Tensor, t as Tensor),
    ),
  ];
}

/** What the stochastic sampler is run with. */
export const noiseKey: Key = key(5);

/** A stochastic sampler on points: what it draws are inputs of the model. */
export function stochastic(): { run(noise: Tensor): Tensor; weights: Exported["weights"] } {
  const model = new VelocityMLP(key(0), { width: 16, depth: 2 });
  const flow = denoiser(model);
  const weights = disturbed(model);
  const draw = unrolled(flow, ddpm(uniformGrid(3, 0.9)));
  return { weights, run: (x) => draw(x, undefined, noiseKey) };
}

/** Every exported class with a forward pass, by package. */
export function classesWithForward(): string[] {
  return [nn, diffusion, vae, gan, autoregressive].flatMap((exports) =>
    Object.entries(exports)
      .filter(([, value]) => typeof value === "function" && "forward" in (value.prototype ?? {}))
      .map(([name]) => name),
  );
}
