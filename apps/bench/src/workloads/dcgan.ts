import { DCGANDiscriminator, DCGANGenerator, ganStep } from "@gen/gan";
import { type Key, key, split } from "@gen/tensor";
import { normals } from "../shared-tensors.ts";
import { emaOf, type Optimization, traineeStep, transformOf } from "../training.ts";
import type { Workload } from "../workload.ts";

const batch = 64;
const config = { imageSize: 32, imageChannels: 3, latents: 100, baseChannels: 64 };
const optimization: Optimization = {
  optimizer: "adam",
  learningRate: 2e-4,
  beta1: 0.5,
  emaDecay: 0.999,
};

/** A step of both networks, and the average of the generator. */
export const dcganTrain: Workload = {
  name: "dcgan-train",
  twin: { kind: "GANTraining", config, ...optimization },
  images: true,
  checks: 3,
  counted: true,
  inputs: () => ({ images: normals(key(3), [batch, 32, 32, 3]) }),
  draws: (k) => {
    const [first, second] = split(k, 2) as [Key, Key];
    return {
      first: normals(first, [batch, config.latents]),
      second: normals(second, [batch, config.latents]),
    };
  },
  create: (k) => {
    const [generatorKey, discriminatorKey] = split(k, 2) as [Key, Key];
    const generator = new DCGANGenerator(generatorKey, config);
    const discriminator = new DCGANDiscriminator(discriminatorKey, config);
    return {
      model: { generator, discriminator },
      begin: (inputs) => {
        const trainee = ganStep({
          generator,
          discriminator,
          generatorOptimizer: transformOf(optimization),
          discriminatorOptimizer: transformOf(optimization),
          ema: emaOf(generator, optimization),
        });
        return traineeStep(trainee, inputs, ["discriminatorLoss", "generatorLoss"]);
      },
    };
  },
};
