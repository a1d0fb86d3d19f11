import { key, type Tensor } from "@gen/tensor";
import { convVAE, vaeLoss } from "@gen/vae";
import { normals, uniforms } from "../shared-tensors.ts";
import { type Optimization, training } from "../training.ts";
import type { Workload } from "../workload.ts";

const batch = 128;
const latents = 20;
const config = {
  imageSize: 28,
  inChannels: 1,
  channels: [32, 64],
  blocks: 1,
  latentShape: [latents],
};
const optimization: Optimization = { optimizer: "adam", learningRate: 1e-3 };

/** A training step of a convolutional variational autoencoder with a Bernoulli decoder. */
export const vaeTrain: Workload = {
  name: "vae-train",
  twin: { kind: "VAETraining", config, ...optimization },
  images: true,
  checks: 3,
  counted: true,
  inputs: () => ({ images: uniforms(key(3), [batch, 28, 28, 1]) }),
  draws: (k) => ({ noise: normals(k, [batch, latents]) }),
  create: (k) => {
    const model = convVAE(k, config);
    return {
      model,
      begin: (inputs) =>
        training(
          model,
          ({ images }, stepKey) => vaeLoss({ model, images: images as Tensor, key: stepKey }),
          optimization,
          inputs,
          { shards: 2 },
        ),
    };
  },
};
