import { fromTorch, load, type Mode, parameter, parameters, state } from "@gen/nn";
import {
  add,
  dispose,
  foldIn,
  key,
  memory,
  mul,
  normal,
  reshape,
  sum,
  tensor,
  type Tensor,
  useBackend,
} from "@gen/tensor";
import { expectClose, fixture } from "@gen/testing";
import { adam, constant, Ema, sgd } from "@gen/train";
import { trained } from "@gen/training-tests";
import { describe, expect, test } from "vitest";
import { numbersOf, type Packed, unpack, weightsOf } from "../test/packed.ts";
import {
  AdaptiveAugmentation,
  adversarialLosses,
  type AdversarialLossName,
  consistency,
  type DCGANConfig,
  DCGANDiscriminator,
  DCGANGenerator,
  dragan,
  type GANStepOptions,
  ganStep,
  type Generator,
  gradientPenalty,
  lazily,
  PointDiscriminator,
  PointGenerator,
  r1,
  r2,
  type Regularizer,
  relativistic,
  weightClipping,
} from "./index.ts";

const reference = fixture<{
  config: DCGANConfig;
  before: Record<string, Packed>;
  after: Record<string, Packed>;
  batches: Record<"images" | "first" | "second", Packed>[];
  losses: Record<string, number>[];
  z: Packed;
  images: Packed;
  logits: Packed;
}>(import.meta.url, "../test/fixtures/dcgan.json");

const playersOf = (config: DCGANConfig) => ({
  generator: new DCGANGenerator(key(1), config),
  discriminator: new DCGANDiscriminator(key(2), config),
});

/** A generator that is given its noise, one after the other. */
class Fed implements Generator {
  readonly network: DCGANGenerator;
  readonly latents: number;
  readonly #noise: Tensor[];
  constructor(network: DCGANGenerator, noise: Tensor[]) {
    this.network = network;
    this.latents = network.latents;
    this.#noise = noise;
  }
  forward(_z: Tensor, mode?: Mode): Tensor {
    return this.network.forward(this.#noise.shift() as Tensor, mode);
  }
}

await useBackend();

describe("DCGAN equals PyTorch's", () => {
  const model = () => {
    const players = playersOf(reference.config);
    load(players, fromTorch(players, weightsOf(reference.before)));
    return players;
  };

  test("two steps: losses, mean logits, all weights and running statistics after them", async () => {
    const players = model();
    const { generator, discriminator } = players;
    for (const [i, batch] of reference.batches.entries()) {
      const trainee = ganStep({
        generator: new Fed(generator, [unpack(batch.first), unpack(batch.second)]),
        discriminator,
        generatorOptimizer: sgd({ learningRate: 0.05 }),
        discriminatorOptimizer: sgd({ learningRate: 0.05 }),
      });
      const metrics = trainee.step({ images: unpack(batch.images) }, key(i), i);
      for (const [name, expected] of Object.entries(reference.losses[i]!)) {
        expectClose(await metrics[name]!.data(), [expected], 1e-4, name);
      }
      trainee.dispose();
    }
    const expected = fromTorch(players, weightsOf(reference.after));
    const variables = state(players);
    expect(Object.keys(variables).toSorted()).toEqual(Object.keys(expected).toSorted());
    for (const [name, variable] of Object.entries(variables)) {
      expectClose(await variable.data(), expected[name]!.data, 1e-4, name);
    }
  });

  test("images and logits by the running statistics", async () => {
    const players = playersOf(reference.config);
    load(players, fromTorch(players, weightsOf(reference.after)));
    const images = players.generator.forward(unpack(reference.z));
    expectClose(await images.data(), numbersOf(reference.images), 1e-4, "images");
    const logits = players.discriminator.forward(images);
    expectClose(await logits.data(), numbersOf(reference.logits), 1e-4, "logits");
  });
});

test("steps take no more tensors, the state names all that changes, the average is the generator's", () => {
  const { generator, discriminator } = playersOf({
    imageSize: 8,
    imageChannels: 1,
    latents: 2,
    baseChannels: 4,
  });
  const ema = new Ema(parameters(generator), constant(0.9));
  const optimizer = adam({ learningRate: 2e-4, beta1: 0.5 });
  const trainee = ganStep({
    generator,
    discriminator,
    generatorOptimizer: optimizer,
    discriminatorOptimizer: optimizer,
    ema,
  });
  const images = normal(key(3), [4, 8, 8, 1]);
  const before = Object.entries(trainee.state()).map(([name, v]) => [name, v.dataSync()] as const);
  dispose(trainee.step({ images }, key(4), 0));
  const tensors = memory().numTensors;
  for (let step = 1; step < 4; step++) {
    dispose(trainee.step({ images }, foldIn(key(4), step), step));
  }
  expect(memory().numTensors).toBe(tensors);
  const after = trainee.state();
  for (const [name, old] of before)
    expect([...after[name]!.dataSync()], name).not.toEqual([...old]);
  for (const part of ["generator.norms.0.running_mean", "discriminator.out.bias", "ema.small"]) {
    expect(after).toHaveProperty([part]);
  }
  expect(ema.layout.names).toEqual(Object.keys(parameters(generator)));
  trainee.dispose();
  dispose([images, trainee.state()]);
});

test("an image size that cannot be halved to 4 … 7 pixels is refused", () => {
  expect(() => playersOf({ imageSize: 36, imageChannels: 1 })).toThrow(
    "DCGANGenerator: imageSize must be 4, 5, 6 or 7 times a power of 2 and at least 8, got 36",
  );
});

describe("a step of any game", () => {
  const regularizers = (): Regularizer[] => [
    gradientPenalty(),
    dragan(),
    lazily(r1(), 2),
    r2(),
    consistency((x, k) => add(x, normal(k, x.shape))),
    weightClipping(0.3),
  ];
  const points = normal(key(5), [12, 2]);

  test.each(Object.keys(adversarialLosses) as AdversarialLossName[])(
    "takes the %s loss with every regulariser at once, several critic steps, and keeps no tensors",
    async (name) => {
      const discriminator = new PointDiscriminator(key(1), { width: 8, depth: 1 });
      const trainee = ganStep({
        generator: new PointGenerator(key(0), { width: 8, depth: 1 }),
        discriminator,
        generatorOptimizer: adam({ learningRate: 1e-3 }),
        discriminatorOptimizer: adam({ learningRate: 1e-2 }),
        loss: adversarialLosses[name],
        regularizers: regularizers(),
        criticSteps: 3,
      });
      let names: string[] | undefined;
      let tensors = 0;
      for (let step = 0; step < 4; step++) {
        const metrics = trainee.step({ images: points }, foldIn(key(2), step), step);
        const values = Object.fromEntries(
          Object.entries(metrics).map(([n, metric]) => [n, metric.dataSync()[0] as number]),
        );
        dispose(metrics);
        names ??= Object.keys(values);
        expect(Object.keys(values)).toEqual(names);
        const { loss, discriminatorLoss, generatorLoss, real, fake, gap, accuracy, ...extra } =
          values as Record<string, number>;
        expect(Object.keys(extra)).toEqual([
          "gradientPenalty",
          "dragan",
          "r1",
          "r2",
          "consistency",
        ]);
        const sum = Object.values(extra).reduce((total, n) => total + n, 0);
        expectClose([loss!], [discriminatorLoss! + generatorLoss! + sum], 1e-4, "loss");
        expect(gap).toBeCloseTo(real! - fake!, 5);
        expect(accuracy).toBeGreaterThanOrEqual(0);
        expect(extra["r1"]! > 0).toBe(step % 2 === 0);
        for (const parameter of Object.values(parameters(discriminator))) {
          expect(Math.max(...parameter.dataSync().map(Math.abs))).toBeLessThanOrEqual(0.3 + 1e-6);
        }
        if (step === 1) tensors = memory().numTensors;
      }
      expect(memory().numTensors).toBe(tensors);
      trainee.dispose();
    },
  );

  test("updates the critic as often as it says, each time on the next part of the batch", () => {
    const scale = parameter(Float32Array.of(1), [1]);
    const shift = parameter(Float32Array.of(1), [1]);
    const generator = { scale, latents: 1, forward: (z: Tensor) => mul(z, scale) };
    const discriminator = { shift, forward: (x: Tensor) => reshape(mul(x, shift), [-1]) };
    const trainee = ganStep({
      generator,
      discriminator,
      generatorOptimizer: sgd({ learningRate: 0 }),
      discriminatorOptimizer: sgd({ learningRate: 0 }),
      criticSteps: 2,
      regularizers: [
        {
          name: "watch",
          discriminator: ({ real }) => sum(mul(real, shift)),
        },
      ],
    });
    const images = tensor([[1], [2], [30], [40]]);
    const metrics = trainee.step({ images }, key(0), 0);
    expect(metrics["watch"]!.dataSync()[0]).toBeCloseTo(70, 4);
    expect(metrics["real"]!.dataSync()[0]).toBeCloseTo(35, 4);
    trainee.dispose();
  });

  test("changes no buffers of the discriminator after an update, only its parameters", () => {
    const wide = playersOf({ imageSize: 16, imageChannels: 1, latents: 2, baseChannels: 4 });
    const other = ganStep({
      generator: wide.generator,
      discriminator: wide.discriminator,
      generatorOptimizer: adam(),
      discriminatorOptimizer: adam(),
      regularizers: [weightClipping(0.01)],
    });
    dispose(other.step({ images: normal(key(3), [4, 16, 16, 1]) }, key(4), 0));
    // The running variance started at 1 and takes in a tenth at a time.
    const variance = wide.discriminator.norms[0]!.running_var.dataSync();
    expect(Math.min(...variance)).toBeGreaterThan(0.5);
    other.dispose();
  });

  test("goes on exactly from a checkpoint of its state, and keeps memory flat", async () => {
    const make = () => {
      const generator = new PointGenerator(key(0), { width: 8 });
      const trainee = ganStep({
        generator,
        discriminator: new PointDiscriminator(key(1), { width: 8 }),
        generatorOptimizer: adam(),
        discriminatorOptimizer: adam(),
        loss: relativistic,
        regularizers: [lazily(r1(1), 2), r2(1)],
        augmentation: new AdaptiveAugmentation({
          transformations: [(x, k) => add(x, normal(k, x.shape))],
          images: 1000,
          probability: 0.5,
        }),
        ema: new Ema(parameters(generator)),
      });
      return { trainee };
    };
    const data = () => ({ images: points.clone() });
    const { trainee } = await trained(make, { data, steps: 25, stop: 11 });
    expect(trainee.state()["augmentation.probability"]!.dataSync()[0]).not.toBeCloseTo(0.5, 4);
  });

  const made = (options: Partial<GANStepOptions>) =>
    ganStep({
      generator: new PointGenerator(key(0)),
      discriminator: new PointDiscriminator(key(1)),
      generatorOptimizer: adam(),
      discriminatorOptimizer: adam(),
      ...options,
    });
  test.each<[() => unknown, string]>([
    [() => made({ criticSteps: 0 }), "ganStep: criticSteps must be a positive integer, got 0"],
    [
      () => made({ regularizers: [r1(1), r1(2)] }),
      "ganStep: regularizers must have different names, got two named r1",
    ],
    [() => made({}).step({}, key(0), 0), "ganStep: a batch must have images, got none"],
    [
      () => made({ criticSteps: 5 }).step({ images: points }, key(0), 0),
      "ganStep: a batch must hold a multiple of criticSteps = 5 images, got 12",
    ],
    [
      () => made({}).step({ images: points, labels: tensor([1, 2]) }, key(0), 0),
      "ganStep: labels must be int32 [12], one for each image, got float32 [2]",
    ],
  ])("refuses what makes no game: %#", (make, message) => {
    expect(make).toThrow(message);
  });
});
