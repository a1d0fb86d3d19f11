import { fromTorch, load, parameters, type Weights } from "@gen/nn";
import {
  add,
  exp,
  key,
  mean,
  memory,
  mul,
  type Scalar,
  sub,
  tensor,
  type Tensor,
  tidy,
  useBackend,
  variableGrads,
} from "@gen/tensor";
import { expectClose, fixture } from "@gen/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { convVAE, type ConvVAEConfig, klToStandardNormal, type VAE } from "./index.ts";

interface Packed {
  shape: number[];
  data: string;
}
interface Case {
  config: ConvVAEConfig;
  weights: Record<string, Packed>;
  inputs: Record<"images" | "noise", Packed>;
  outputs: Record<"mean" | "logVariance" | "outputs", Packed>;
  losses: Record<"loss" | "reconstruction" | "kl", number>;
  gradients: Record<string, Packed>;
}
const cases = fixture<Case[]>(import.meta.url, "../test/fixtures/vae.json");

const numbers = ({ data }: Packed): Float32Array =>
  new Float32Array(new Uint8Array(Buffer.from(data, "base64")).buffer);
const unpack = (packed: Packed): Tensor => tensor(numbers(packed), packed.shape);
const weightsOf = (packed: Record<string, Packed>): Record<string, Weights> =>
  Object.fromEntries(
    Object.entries(packed).map(([name, p]) => [name, { shape: p.shape, data: numbers(p) }]),
  );

beforeAll(async () => {
  await useBackend();
});

/** `vaeLoss` with given noise instead of a key. */
function losses(model: VAE, images: Tensor, noise: Tensor): Record<string, Tensor> {
  const q = model.encode(images);
  const z = add(q.mean, mul(exp(mul(q.logVariance, 0.5)), noise));
  const logLikelihood = model.likelihood.logProbability(images, model.decoder.forward(z));
  const kl = klToStandardNormal(q);
  return {
    loss: mean(sub(kl, logLikelihood)),
    reconstruction: mul(mean(logLikelihood), -1),
    kl: mean(kl),
  };
}

describe.each(cases.map((c) => [`latents [${c.config.latentShape.join(", ")}]`, c] as const))(
  "a convolutional VAE with %s",
  (_name, c) => {
    test("has PyTorch's codes, images, losses and every gradient, from PyTorch's weights", async () => {
      const model = convVAE(key(0), c.config);
      load(model, fromTorch(model, weightsOf(c.weights)));
      const [images, noise] = [unpack(c.inputs.images), unpack(c.inputs.noise)];
      const q = model.encode(images);
      expectClose(await q.mean.data(), numbers(c.outputs.mean), 1e-4, "mean");
      expectClose(await q.logVariance.data(), numbers(c.outputs.logVariance), 1e-4, "log-variance");
      const outputs = model.decoder.forward(noise);
      expect(outputs.shape).toEqual(c.outputs.outputs.shape);
      expectClose(await outputs.data(), numbers(c.outputs.outputs), 1e-4, "outputs");

      const trained = parameters(model);
      const before = memory().numTensors;
      const { value, grads } = variableGrads(
        () => losses(model, images, noise)["loss"] as Scalar,
        Object.values(trained),
      );
      expect(memory().numTensors).toBe(before + 1 + Object.keys(trained).length);
      expectClose(await value.data(), [c.losses.loss], 1e-4, "loss");
      const parts = tidy(() => losses(model, images, noise));
      expectClose(await parts["kl"]!.data(), [c.losses.kl], 1e-4, "kl");
      expectClose(await parts["reconstruction"]!.data(), [c.losses.reconstruction], 1e-4);
      const expected = fromTorch(model, weightsOf(c.gradients));
      expect(Object.keys(trained).toSorted()).toEqual(Object.keys(expected).toSorted());
      for (const [name, v] of Object.entries(trained)) {
        expectClose(await grads[v.name]!.data(), expected[name]!.data, 1e-3, name);
      }
    });
  },
);
