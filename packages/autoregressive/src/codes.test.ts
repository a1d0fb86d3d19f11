import { parameters, state } from "@gen/nn";
import { dispose, key, normal, reshape, tensor, tidy, useBackend } from "@gen/tensor";
import { adamw, train, trainStep } from "@gen/train";
import { convVQVAE } from "@gen/vae";
import { expect, test } from "vitest";
import { autoregressiveLoss, CausalTransformer, tokenSampler } from "./index.ts";

// The second stage of VQGAN (Esser et al. 2021, arXiv:2012.09841, section 3.2): a transformer over an image's codes.
test("over the codes of a VQ-VAE, a label gives its image again: as the codes decode", async () => {
  await useBackend();
  const config = { imageSize: 8, channels: [4, 8], inChannels: 1 };
  const codes = 12;
  const stage1 = convVQVAE(key(0), {
    ...config,
    quantizer: { name: "finiteScalar", levels: [4, 3] },
  });
  const images = normal(key(1), [3, 8, 8, 1]);
  const map = stage1.encode(images);
  const side = map.shape[1]!;
  const tokens = reshape(map, [3, side * side]);
  const labels = tensor([0, 1, 2], [3], "int32");
  const size = { vocabulary: codes, maxTokens: side * side, classes: 3 };
  const stage2 = new CausalTransformer(key(2), { ...size, width: 32, depth: 1, heads: 2 });
  const trainee = trainStep({
    parameters: parameters(stage2),
    loss: (batch) => autoregressiveLoss({ model: stage2, tokens: batch["tokens"]!, labels }),
    optimizer: adamw({ learningRate: 0.01 }),
  });
  await train(trainee, { data: () => ({ tokens: tokens.clone() }), key: key(3), steps: 60 });
  const sampler = tokenSampler({ model: stage2, batch: 3, topK: 1 });
  const drawn = await sampler.sample({ key: key(4), labels });
  const given = [...(await tokens.data())];
  expect(new Set(given).size).toBeGreaterThan(1);
  expect([...(await drawn.data())]).toEqual(given);
  const decoded = tidy(() => stage1.decode(reshape(drawn, [3, side, side])));
  const expected = stage1.decode(map);
  expect([...(await decoded.data())]).toEqual([...(await expected.data())]);
  sampler.dispose();
  dispose([images, map, tokens, labels, drawn, decoded, expected, state(stage1), state(stage2)]);
}, 20_000);
