import {
  add,
  dispose,
  foldIn,
  key,
  mean,
  mul,
  normal,
  reshape,
  tensor1d,
  tile,
  useBackend,
} from "@gen/tensor";
import { adam } from "@gen/train";
import { expect, test } from "vitest";
import {
  type Discriminator,
  auxiliaryClassifier,
  DCGANDiscriminator,
  DCGANGenerator,
  ganStep,
  type Generator,
  lazily,
  pathLength,
  r1,
  R3GANDiscriminator,
  R3GANGenerator,
  type Regularizer,
  ResNetDiscriminator,
  ResNetGenerator,
  StyleDiscriminator,
  StyleGenerator,
} from "./index.ts";

await useBackend();

// Images of one brightness, which the class says.
const brightness = [-0.6, 0, 0.6];
const config = { imageSize: 10, imageChannels: 1, latents: 4, baseChannels: 8, classes: 3 };
const labels = tensor1d(
  Array.from({ length: 15 }, (_, i) => i % 3),
  "int32",
);
const levels = reshape(
  tensor1d(Array.from({ length: 15 }, (_, i) => brightness[i % 3] as number)),
  [15, 1, 1, 1],
);

const style = new StyleGenerator(key(0), { ...config, mapping: { depth: 2, learningRate: 0.1 } });
const classifier = new ResNetDiscriminator(key(1), { ...config, head: "classifier" });

test.each<[string, Generator, Discriminator, Regularizer[], number?]>([
  [
    "DCGAN",
    new DCGANGenerator(key(0), config),
    new DCGANDiscriminator(key(1), { ...config, norm: "none" }),
    [],
  ],
  [
    "DCGAN with projection",
    new DCGANGenerator(key(0), config),
    new DCGANDiscriminator(key(1), { ...config, norm: "none", condition: "projection" }),
    [],
  ],
  [
    "ResNet with projection",
    new ResNetGenerator(key(0), config),
    new ResNetDiscriminator(key(1), config),
    [],
  ],
  [
    "ACGAN",
    new ResNetGenerator(key(0), config),
    classifier,
    [auxiliaryClassifier(classifier, { generated: 0 })],
  ],
  ["R3GAN", new R3GANGenerator(key(0), config), new R3GANDiscriminator(key(1), config), []],
  [
    "StyleGAN",
    style,
    new StyleDiscriminator(key(1), config, { group: 3 }),
    [lazily(pathLength(style), 4)],
    8e-3,
  ],
])(
  "a conditional %s makes what its label asks for",
  async (_, generator, discriminator, extra, learningRate = 2e-3) => {
    const optimizer = adam({ learningRate, beta1: 0, beta2: 0.9 });
    const trainee = ganStep({
      generator,
      discriminator,
      generatorOptimizer: optimizer,
      discriminatorOptimizer: optimizer,
      regularizers: [r1(1), ...extra],
    });
    for (let step = 0; step < 200; step++) {
      const noise = normal(foldIn(key(2), step), [15, 10, 10, 1]);
      const images = add(tile(levels, [1, 10, 10, 1]), mul(0.1, noise));
      dispose([trainee.step({ images, labels }, foldIn(key(3), step), step), noise, images]);
    }
    const images = generator.forward(normal(key(4), [15, 4]), "training", { labels });
    const found = await mean(images, [1, 2, 3]).data();
    const right = Array.from(
      found,
      (value, i) => Math.abs(value - (brightness[i % 3] as number)) < 0.3,
    );
    expect(right.filter(Boolean).length).toBe(15);
    trainee.dispose();
  },
  120_000,
);
