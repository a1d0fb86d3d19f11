// Likelihood of the models whose likelihood is exact, or bounded, on points whose entropy is known:
// pnpm --filter @gen/vae density [realNVP | maskedAutoregressiveFlow | denseVAE]

import { parameters } from "@gen/nn";
import { eightGaussians, eightGaussiansMixture } from "@gen/data";
import { foldIn, key, mean, tensor, type Tensor, tidy, useBackend } from "@gen/tensor";
import { adam, chain, clipByGlobalNorm, cosine, train, trainStep, warmUp } from "@gen/train";
import {
  denseVAE,
  flowLoss,
  iwaeLoss,
  logLikelihood,
  maskedAutoregressiveFlow,
  type NormalizingFlow,
  realNVP,
} from "../src/index.ts";

const points = (seed: number, count: number): Tensor =>
  tensor(eightGaussians(foldIn(key(5), seed), count), [count, 2]);
const held = eightGaussians(key(6), 20_000);
const test = (): Tensor => tensor(held, [20_000, 2]);
const average = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, v) => sum + v, 0) / values.length;
const entropy = -average(eightGaussiansMixture.logDensity(held));

interface Run {
  parameters: ReturnType<typeof parameters>;
  loss: Parameters<typeof trainStep>[0]["loss"];
  score: () => Promise<number>;
  learningRate: number;
  steps: number;
}

const flow = (make: typeof realNVP, steps: number) => (): Run => {
  const model: NormalizingFlow = make(key(1), { features: 2, layers: 12 });
  const first = points(2 ** 31, 1000);
  model.start(first);
  first.dispose();
  return {
    parameters: parameters(model),
    loss: ({ images }) => flowLoss({ model, images: images! }) as { loss: Tensor },
    score: () =>
      tidy(() => mean(model.logProb(test())))
        .data()
        .then(([log]) => log as number),
    learningRate: 0.005,
    steps,
  };
};

const runs: Record<string, () => Run> = {
  realNVP: flow(realNVP, 10_000),
  maskedAutoregressiveFlow: flow(maskedAutoregressiveFlow, 10_000),
  denseVAE: () => {
    const model = denseVAE(key(1), {
      dataShape: [2],
      latents: 2,
      hidden: [64, 64],
      likelihood: "gaussianWithVariance",
    });
    return {
      parameters: parameters(model),
      loss: ({ images }, k) =>
        iwaeLoss({ model, images: images!, key: k, samples: 16 }) as { loss: Tensor },
      score: async () => {
        const log = await logLikelihood({
          model,
          images: test(),
          key: key(7),
          samples: 500,
          atOnce: 20,
        });
        return average(await log.data());
      },
      learningRate: 0.003,
      steps: 6000,
    };
  },
};

await useBackend();
const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(runs);
for (const name of names) {
  const make = runs[name];
  if (!make) throw new Error(`no run ${name}; there are ${Object.keys(runs).join(", ")}`);
  const { learningRate, steps, score, ...model } = make();
  const rate = warmUp(200, cosine({ from: learningRate, steps }));
  const trainee = trainStep({
    ...model,
    optimizer: chain(clipByGlobalNorm(10), adam({ learningRate: rate })),
  });
  const start = Date.now();
  await train(trainee, { data: (step) => ({ images: points(step, 256) }), key: key(3), steps });
  const seconds = (Date.now() - start) / 1000;
  const nats = -(await score());
  console.log(
    `${name}: ${nats.toFixed(3)} nats, the entropy is ${entropy.toFixed(3)}, ${(nats - entropy).toFixed(3)} above it; ` +
      `${steps} steps in ${seconds.toFixed(0)} s`,
  );
  trainee.dispose();
}
