import { fromTorch, load, type Mode, parameters, state } from "@gen/nn";
import {
  dispose,
  foldIn,
  key,
  memory,
  mul,
  normal,
  sum,
  tensor1d,
  type Tensor,
  useBackend,
} from "@gen/tensor";
import { expectClose, fixture } from "@gen/testing";
import { adam, differentiate } from "@gen/train";
import { describe, expect, test } from "vitest";
import { numbersOf, type Packed, unpack, weightsOf } from "../test/packed.ts";
import {
  AdaptiveAugmentation,
  auxiliaryClassifier,
  brightness,
  ConditionalBatchNorm2d,
  DCGANDiscriminator,
  DCGANGenerator,
  type Discriminator,
  flip,
  ganStep,
  type Generator,
  gradientPenalty,
  lazily,
  nonSaturating,
  PatchDiscriminator,
  pathLength,
  r1,
  r2,
  R3GANDiscriminator,
  R3GANGenerator,
  type Regularizer,
  relativistic,
  ResNetDiscriminator,
  ResNetGenerator,
  StyleDiscriminator,
  StyleGenerator,
} from "./index.ts";

await useBackend();

interface Case {
  name: string;
  config: never;
  probe: Packed;
  weights: Record<string, Packed>;
  inputs: Record<"z" | "x" | "labels", Packed | undefined>;
  outputs: { output: Packed };
  losses: { loss: number };
  gradients: Record<string, Packed>;
}
const cases = fixture<Case[]>(import.meta.url, "../test/fixtures/networks.json");

const classes: Record<
  string,
  new (k: ReturnType<typeof key>, config: never) => Generator | Discriminator
> = {
  ResNetGenerator,
  ResNetDiscriminator,
  PatchDiscriminator,
  R3GANGenerator,
  R3GANDiscriminator,
  StyleGenerator,
  StyleDiscriminator,
};
const int32 = (packed: Packed): Tensor =>
  tensor1d(new Int32Array(numbersOf(packed).buffer), "int32");

describe.each(cases.map((c) => [`${c.name} ${JSON.stringify(c.config)}`, c] as const))(
  "%s",
  (_, { name, config, probe, weights, inputs, outputs, losses, gradients }) => {
    const model = new (classes[name] as (typeof classes)[string])(key(0), config);
    load(model, fromTorch(model, weightsOf(weights)));
    const labels = inputs.labels && int32(inputs.labels);
    const run = (mode: Mode): Tensor =>
      inputs.z
        ? (model as Generator).forward(unpack(inputs.z), mode, { labels })
        : (model as Discriminator).forward(unpack(inputs.x as Packed), mode, labels);
    const start = Object.entries(state(model)).map(([n, v]) => [n, v.clone()] as const);
    const restore = (): void => {
      for (const [n, v] of start) state(model)[n]!.assign(v);
    };

    test("gives PyTorch's output in training", async () => {
      expectClose(await run("training").data(), numbersOf(outputs.output), 1e-4);
      restore();
    });

    test("has PyTorch's gradients", async () => {
      const wanted = fromTorch(model, weightsOf(gradients));
      const variables = Object.fromEntries(
        Object.entries(parameters(model)).filter(([n]) => wanted[n]),
      );
      const { metrics, gradients: given } = differentiate(variables, () => ({
        loss: sum(mul(run("training"), unpack(probe))),
      }));
      expectClose(await metrics["loss"]!.data(), [losses.loss], 1e-4, "loss");
      const largest = Math.max(
        ...Object.values(wanted).flatMap(({ data }) => Array.from(data, Math.abs)),
      );
      expect(Object.keys(given).length).toBe(Object.keys(gradients).length);
      for (const [n, gradient] of Object.entries(given)) {
        const [values, expected] = [await gradient.data(), wanted[n]!.data];
        // A bias before a norm has no slope: then what counts is the size of the others.
        const scale = Math.max(...Array.from(expected, Math.abs), 1e-3 * largest);
        expect(
          Math.max(...Array.from(expected, (e, i) => Math.abs((values[i] as number) - e))) / scale,
          n,
        ).toBeLessThan(1e-3);
      }
      restore();
    });

    test("leaves no tensors", () => {
      const given = inputs.z ?? (inputs.x as Packed);
      const [input, before] = [unpack(given), memory().numTensors];
      const output = inputs.z
        ? (model as Generator).forward(input, "training", { labels, key: key(1) })
        : (model as Discriminator).forward(input, "training", labels);
      expect(memory().numTensors).toBe(before + 1);
      dispose([input, output]);
    });
  },
);

test("all networks of the fixture are here", () => {
  expect(new Set(cases.map(({ name }) => name))).toEqual(new Set(Object.keys(classes)));
});

describe("one step trains any players:", () => {
  const size = { imageSize: 8, imageChannels: 1, latents: 4, baseChannels: 4 };
  const conditional = { ...size, classes: 3 };
  const labels = tensor1d([0, 1, 2, 2], "int32");
  const images = normal(key(3), [4, 8, 8, 1]);
  const style = new StyleGenerator(key(0), { ...size, mapping: { depth: 2 } });
  const acgan = new ResNetDiscriminator(key(1), { ...conditional, head: "classifier" });
  const players: [string, Generator, Discriminator, Regularizer[]][] = [
    [
      "conditional DCGAN with a gradient penalty",
      new DCGANGenerator(key(0), conditional),
      new DCGANDiscriminator(key(1), { ...conditional, norm: "none" }),
      [gradientPenalty()],
    ],
    [
      "projection",
      new ResNetGenerator(key(0), conditional),
      new ResNetDiscriminator(key(1), conditional),
      [],
    ],
    ["ACGAN", new ResNetGenerator(key(0), conditional), acgan, [auxiliaryClassifier(acgan)]],
    [
      "patches",
      new ResNetGenerator(key(0), size),
      new PatchDiscriminator(key(1), { imageChannels: 1, baseChannels: 4, depth: 1 }),
      [],
    ],
    [
      "R3GAN",
      new R3GANGenerator(key(0), size),
      new R3GANDiscriminator(key(1), size),
      [r1(1), r2(1)],
    ],
    [
      "StyleGAN2",
      style,
      new StyleDiscriminator(key(1), size),
      [lazily(r1(), 2), lazily(pathLength(style), 2)],
    ],
    [
      "StyleGAN",
      new StyleGenerator(key(0), { ...size, styles: "adain" }),
      new StyleDiscriminator(key(1), size),
      [r1()],
    ],
  ];

  test.each(players)("%s", (name, generator, discriminator, regularizers) => {
    const trainee = ganStep({
      generator,
      discriminator,
      generatorOptimizer: adam({ learningRate: 1e-3, beta1: 0 }),
      discriminatorOptimizer: adam({ learningRate: 1e-3, beta1: 0 }),
      // Of the others, some have no slope in the last bias.
      loss: name === "R3GAN" ? relativistic : nonSaturating,
      regularizers,
      augmentation: new AdaptiveAugmentation({
        transformations: [flip, brightness],
        probability: 0.5,
      }),
    });
    const needs = /conditional|projection|ACGAN/.test(name);
    const before = Object.fromEntries(
      Object.entries(trainee.state()).map(([n, v]) => [n, [...v.dataSync()]]),
    );
    let tensors = 0;
    for (let step = 0; step < 4; step++) {
      const batch = needs ? { images, labels } : { images };
      const metrics = trainee.step(batch, foldIn(key(2), step), step);
      for (const [n, metric] of Object.entries(metrics)) {
        expect(Number.isFinite(metric.dataSync()[0]), n).toBe(true);
      }
      expect(Object.keys(metrics)).toEqual(
        expect.arrayContaining(["augmentation", ...regularizers.map((r) => r.name)]),
      );
      dispose(metrics);
      if (step === 1) tensors = memory().numTensors;
    }
    expect(memory().numTensors).toBe(tensors);
    // All that is trained has moved, noise strengths and embeddings among it.
    for (const [n, variable] of Object.entries(trainee.state())) {
      // A vector of length 1 and one number stays as it is.
      if (n.startsWith("augmentation") || n === "discriminator.out.u") continue;
      const values = [...variable.dataSync()];
      expect(values.every(Number.isFinite), n).toBe(true);
      expect(values, n).not.toEqual(before[n]);
    }
    trainee.dispose();
  });
});

describe("style mixing, noise and truncation", () => {
  const generator = new StyleGenerator(key(0), {
    imageSize: 16,
    imageChannels: 1,
    latents: 4,
    baseChannels: 4,
    mapping: { depth: 2 },
  });
  const z = normal(key(1), [2, 4]);
  const pixels = (x: Tensor): number[] => [...x.dataSync()];

  test("without a key an image is a function of its latent, in both modes", () => {
    const [once, again] = [generator.forward(z), generator.forward(z)];
    expect(pixels(once)).toEqual(pixels(again));
    expectClose(pixels(generator.forward(z, "training")), pixels(once), 1e-6);
  });

  test("with a key, noise changes it as soon as its strength is not 0; mixing only in training", () => {
    const plain = pixels(generator.forward(z));
    expectClose(pixels(generator.forward(z, "inference", { key: key(5) })), plain, 1e-6);
    expect(pixels(generator.forward(z, "training", { key: key(5) }))).not.toEqual(plain);
    const { strength } = generator.blocks[1]!.convs[0] as unknown as {
      strength: { assign(x: Tensor): void };
    };
    strength.assign(normal(key(6), []));
    const noisy = (seed: number): number[] =>
      pixels(generator.forward(z, "inference", { key: key(seed) }));
    expect(noisy(5)).not.toEqual(plain);
    expect(noisy(5)).toEqual(noisy(5));
    expect(noisy(6)).not.toEqual(noisy(5));
  });

  test("truncation to 0 is the mean style's image for all, to 1 the image itself", () => {
    const { mapping } = generator;
    const w = mapping.forward(z);
    expectClose(pixels(mapping.truncate(w, 1)), pixels(w), 1e-5);
    expectClose(
      pixels(mapping.truncate(w, 0)),
      [...pixels(mapping.mean), ...pixels(mapping.mean)],
      1e-6,
    );
  });

  test("the mean style is the running mean of the styles seen", () => {
    const { mapping } = new StyleGenerator(key(2), {
      imageSize: 8,
      imageChannels: 1,
      latents: 4,
      baseChannels: 4,
      mapping: { depth: 2, decay: 0.75 },
    });
    const w = pixels(mapping.forward(z, "training"));
    const mean = Array.from({ length: 4 }, (_, i) => (0.25 * (w[i]! + w[i + 4]!)) / 2);
    expectClose(pixels(mapping.mean), mean, 1e-5);
  });
});

describe("bad input is refused:", () => {
  const size = { imageSize: 8, imageChannels: 1, latents: 4, baseChannels: 4 };
  const z = normal(key(1), [2, 4]);
  const images = normal(key(1), [2, 8, 8, 1]);
  const labels = tensor1d([0, 1], "int32");
  test.each<[() => unknown, string]>([
    [
      () => new ResNetGenerator(key(0), { ...size, imageSize: 36 }),
      "ResNetGenerator: imageSize must be 4, 5, 6 or 7 times a power of 2 and at least 8, got 36",
    ],
    [
      () => new ResNetGenerator(key(0), size).forward(z, "inference", { labels }),
      "ResNetGenerator.forward: labels were given to a player made without classes",
    ],
    [
      () => new DCGANGenerator(key(0), { ...size, classes: 3 }).forward(z),
      "DCGANGenerator.forward: this player was made with 3 classes and needs labels, int32 [batch]",
    ],
    [
      () => new ResNetDiscriminator(key(0), { ...size, classes: 3 }).forward(images),
      "ResNetDiscriminator.forward: this player was made with 3 classes and needs labels, int32 [batch]",
    ],
    [
      () => new ResNetDiscriminator(key(0), size).classify(images),
      'ResNetDiscriminator.classify: needs { classes, head: "classifier" }',
    ],
    [
      () => new ConditionalBatchNorm2d(key(0), 1, 2).forward(images, "inference"),
      "ConditionalBatchNorm2d.forward: needs an embedding, got none",
    ],
    [
      () => new PatchDiscriminator(key(0), { imageChannels: 1, depth: 0 }),
      "PatchDiscriminator: depth must be a positive integer, got 0",
    ],
    [
      () => new StyleGenerator(key(0), { ...size, mixing: 2 }),
      "StyleGenerator: mixing must be in [0, 1], got 2",
    ],
    [
      () => new StyleGenerator(key(0), size).synthesize(z),
      "StyleGenerator.synthesize: ws must be [batch, 4, 4], got [2, 4]",
    ],
  ])("%#", (make, message) => {
    expect(make).toThrow(message);
  });
});
