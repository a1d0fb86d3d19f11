import { Linear, parameters } from "@gen/nn";
import { dispose, foldIn, key, mean, tensor, tidy, tile, useBackend } from "@gen/tensor";
import { adam, cosine, trainStep } from "@gen/train";
import { expect, test } from "vitest";
import { elbo, gaussian, VAE, vaeLoss } from "./index.ts";

// Probabilistic PCA (Tipping and Bishop 1999): with data of a diagonal covariance Λ, the best linear decoder of two
// latents spans the first two axes, σ² is the mean of the other eigenvalues, and log p is that of N(0, WWᵀ + σ²I).
const eigenvalues = [4, 2, 0.3, 0.2, 0.1];
const variance = (0.3 + 0.2 + 0.1) / 3;

test("a linear VAE converges to probabilistic PCA", async () => {
  await useBackend();
  // Exactly this covariance: each sample ±√(5·λ) along one axis, ten in all.
  const rows = eigenvalues.flatMap((value, axis) =>
    [-1, 1].map((sign) =>
      eigenvalues.map((_, i) => (i === axis ? sign * Math.sqrt(5 * value) : 0)),
    ),
  );
  const logLikelihood = [4, 2, variance, variance, variance].reduce(
    (sum, model, i) =>
      sum - 0.5 * (Math.log(2 * Math.PI * model) + (eigenvalues[i] as number) / model),
    0,
  );
  const model = new VAE({
    encoder: new Linear(key(1), 5, 4),
    decoder: new Linear(key(2), 2, 5),
    likelihood: gaussian(variance),
  });
  const images = tensor(Array.from({ length: 100 }, () => rows).flat());
  const steps = 3000;
  const trainee = trainStep({
    parameters: parameters(model),
    loss: (batch, k) => vaeLoss({ model, images: batch["images"]!, key: k }),
    optimizer: adam({ learningRate: cosine({ from: 0.02, to: 0, steps }) }),
  });
  for (let step = 0; step < steps; step++) {
    dispose(trainee.step({ images }, foldIn(key(3), step), step));
  }

  const many = tile(images, [100, 1]);
  const bounds = Array.from({ length: 30 }, (_, i) =>
    tidy(() => mean(elbo({ model, images: many, key: foldIn(key(4), i) }).elbo).dataSync()[0]!),
  );
  const bound = bounds.reduce((sum, b) => sum + b, 0) / bounds.length;
  expect(Math.abs(bound - logLikelihood)).toBeLessThan(0.01);

  // The angle between the decoder's columns and the plane of the first two axes.
  const [w1, w2] = (model.decoder as Linear).weight.arraySync() as number[][];
  const outside = (w: number[]): number => Math.hypot(w[2]!, w[3]!, w[4]!) / Math.hypot(...w);
  const degrees = (Math.asin(Math.max(outside(w1!), outside(w2!))) * 180) / Math.PI;
  expect(degrees).toBeLessThan(1);
  trainee.dispose();
}, 60_000);
