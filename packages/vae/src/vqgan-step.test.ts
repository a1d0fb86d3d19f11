import { Conv2d, silu } from "@gen/nn";
import {
  add,
  foldIn,
  grad,
  key,
  matMul,
  abs,
  mean,
  memory,
  mul,
  neg,
  relu,
  sub,
  sum,
  tensor,
  type Tensor,
  tidy,
  uniform,
  useBackend,
  variable,
  variableGrads,
  dispose,
  type Scalar,
} from "@gen/tensor";
import { adam, type Trainee } from "@gen/train";
import { expectClose, fixture } from "@gen/testing";
import { beforeAll, expect, test } from "vitest";
import { trained } from "@gen/training-tests";
import {
  adaptiveWeight,
  convVQVAE,
  type CriticLoss,
  perceptualLoss,
  VQVAE,
  vqganStep,
} from "./index.ts";

type Rows = number[][];
const reference = fixture<{
  adaptiveWeight: { weight: Rows; h: Rows; target: Rows; direction: number[]; value: number };
  perceptual: { layers: [Rows[][], Rows[][]][]; value: number };
}>(import.meta.url, "../test/fixtures/vae-family.json");

beforeAll(async () => {
  await useBackend();
});

test("the adaptive weight is PyTorch's, and leaves the gradient around it alone", () => {
  const { weight: given, h, target, direction, value } = reference.adaptiveWeight;
  const weight = variable(tensor(given));
  const out = (): Tensor => matMul(tensor(h), weight);
  const direct = tensor(direction, [3, 1]);
  const reconstruction = (): Tensor => mean(abs(sub(out(), tensor(target))));
  const adversarial = (): Tensor => neg(mean(matMul(out(), direct)));
  const options = { weight, reconstruction, adversarial };
  const before = memory().numTensors;
  const found = adaptiveWeight(options);
  expect(memory().numTensors - before).toBe(1);
  expect(found.dataSync()[0]).toBeCloseTo(value, 4);

  const gradient = (loss: () => Tensor): Tensor =>
    variableGrads(() => loss() as Scalar, [weight]).grads[weight.name]!;
  const whole = gradient(() => add(reconstruction(), mul(adversarial(), adaptiveWeight(options))));
  const expected = tidy(() => add(gradient(reconstruction), mul(gradient(adversarial), value)));
  expectClose(whole.dataSync(), expected.dataSync(), 1e-4);
});

test("the perceptual loss is PyTorch's for given feature maps, and 0 for equal images", () => {
  const { layers, value } = reference.perceptual;
  const [x, y] = [tensor([0]), tensor([1])];
  const features = (images: Tensor): Tensor[] =>
    layers.map((pair) => tensor(pair[images === x ? 0 : 1] as never));
  expect(perceptualLoss(features, x, y).dataSync()[0]).toBeCloseTo(value, 4);
  expect(perceptualLoss(features, x, x).dataSync()[0]).toBe(0);
  const zeros = grad((t) => perceptualLoss((u) => [relu(u)], t, mul(t, 0)))(
    tensor([-1, -1, 2, 1], [1, 1, 2, 2]),
  );
  expect(Array.from(zeros.dataSync()).every(Number.isFinite)).toBe(true);
});

const hinge: CriticLoss = {
  discriminator: (real, fake) =>
    tidy(() => mul(add(mean(relu(sub(1, real))), mean(relu(add(1, fake)))), 0.5)),
  generator: (fake) => tidy(() => neg(mean(fake))),
};

/** A critic of patches: two convolutions. */
class Critic {
  readonly first: Conv2d = new Conv2d(key(11), 1, 8, 4, { stride: 2 });
  readonly second: Conv2d = new Conv2d(key(12), 8, 1, 3);

  forward(x: Tensor): Tensor {
    return tidy(() => this.second.forward(silu(this.first.forward(x))));
  }
}

const images = (step: number): { images: Tensor } => ({
  images: tidy(() => {
    const shade = uniform(foldIn(key(8), step), [8, 8, 1, 1]);
    return add(mul(shade, 0.8), mul(uniform(foldIn(key(9), step), [8, 8, 8, 1]), 0.2));
  }),
});

interface Made {
  model: VQVAE;
  critic: Critic;
  trainee: Trainee;
}
const made = (warmUp: number): Made => {
  const model = convVQVAE(key(1), {
    imageSize: 8,
    inChannels: 1,
    channels: [8, 8],
    quantizer: { name: "ema", codes: 16, features: 3 },
  });
  const critic = new Critic();
  const trainee = vqganStep({
    model,
    discriminator: critic,
    loss: hinge,
    features: (x) => [critic.first.forward(x)],
    optimizer: adam({ learningRate: 0.003, beta1: 0.5 }),
    discriminatorOptimizer: adam({ learningRate: 0.003, beta1: 0.5 }),
    warmUp,
  });
  return { model, critic, trainee };
};

test("the critic stands still during the warm-up and moves after it", () => {
  const { critic, trainee } = made(2);
  const weights = (): number[] => Array.from(critic.second.weight.dataSync());
  const start = weights();
  const step = (i: number): number[] => {
    const batch = images(i);
    dispose([trainee.step(batch, key(i), i), batch]);
    return weights();
  };
  expect(step(0)).toEqual(start);
  expect(step(1)).toEqual(start);
  expect(step(2)).not.toEqual(start);
});

test("training lowers the reconstruction loss, resumes to the bit, and keeps memory flat", async () => {
  const { metrics: seen } = await trained(() => made(20), { data: images, steps: 60, stop: 25 });
  expect(seen.at(-1)!["reconstruction"]).toBeLessThan(seen[0]!["reconstruction"]! * 0.6);
  expect(seen[0]!["discriminatorLoss"]).toBe(0);
  expect(seen.at(-1)!["discriminatorLoss"]).toBeGreaterThan(0);
  expect(seen.at(-1)!["weight"]).toBeGreaterThan(0);
});

test("what does not fit is refused in one sentence", () => {
  const { model, critic } = made(0);
  const options = {
    discriminator: critic,
    loss: hinge,
    optimizer: adam(),
    discriminatorOptimizer: adam(),
  };
  const plain = new VQVAE({ ...model, decoder: { forward: (z) => sum(z) } });
  expect(() => vqganStep({ ...options, model: plain })).toThrow(
    "vqganStep: the model's decoder must have features(z) and last, as ConvDecoder has",
  );
  expect(() => vqganStep({ ...options, model, warmUp: -1 })).toThrow(
    "vqganStep: adversarialWeight must be 0 or more and warmUp a whole number of steps, got 0.8 and -1",
  );
  expect(() => perceptualLoss(() => [], tensor([1]), tensor([1]))).toThrow(
    "perceptualLoss: features must give at least one map of the images, got none",
  );
});
