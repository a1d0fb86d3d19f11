import { fromTorch, load, type Mode, parameters, state, type Weights } from "@gen/nn";
import { dispose, foldIn, key, memory, normal, tensor, type Tensor, useBackend } from "@gen/tensor";
import { expectClose, fixture } from "@gen/testing";
import { adam, constant, Ema, sgd } from "@gen/train";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type DCGANConfig,
  DCGANDiscriminator,
  DCGANGenerator,
  type Generator,
  ganStep,
  nonSaturating,
} from "./index.ts";

interface Packed {
  shape: number[];
  data: string;
}
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

const numbers = ({ data }: Packed): Float32Array =>
  new Float32Array(new Uint8Array(Buffer.from(data, "base64")).buffer);
const unpack = (packed: Packed): Tensor => tensor(numbers(packed), packed.shape);
const weightsOf = (packed: Record<string, Packed>): Record<string, Weights> =>
  Object.fromEntries(
    Object.entries(packed).map(([name, p]) => [name, { shape: p.shape, data: numbers(p) }]),
  );

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

beforeAll(async () => {
  await useBackend();
});

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
    expectClose(await images.data(), numbers(reference.images), 1e-4, "images");
    const logits = players.discriminator.forward(images);
    expectClose(await logits.data(), numbers(reference.logits), 1e-4, "logits");
  });
});

test("where the discriminator cannot tell, the losses are 2·ln 2 and ln 2", async () => {
  const logits = tensor([0, 0, 0]);
  const { discriminator, generator } = nonSaturating;
  expect((await discriminator(logits, logits).data())[0]).toBeCloseTo(2 * Math.LN2, 6);
  expect((await generator(logits).data())[0]).toBeCloseTo(Math.LN2, 6);
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
  for (const part of ["generator.norms.0.running_mean", "discriminator.out.bias", "ema.weights"]) {
    expect(after).toHaveProperty([part]);
  }
  expect(ema.layout.names).toEqual(Object.keys(parameters(generator)));
  trainee.dispose();
  dispose([images, trainee.state()]);
});

test("an image size that is not 4 times a power of 2 is refused", () => {
  expect(() => playersOf({ imageSize: 28, imageChannels: 1 })).toThrow(
    "DCGANGenerator: imageSize must be 8, 16, 32, 64, …, got 28",
  );
});
