import { dispose, key, normal, tensor, type Tensor, useBackend } from "@gen/tensor";
import { beforeAll, describe, expect, test } from "vitest";
import {
  AttentionBlock,
  averagePool,
  Conv2d,
  ConvTranspose2d,
  Embedding,
  Linear,
  MultiheadAttention,
  ResidualBlock,
  sinusoidalEmbedding,
  state,
} from "./index.ts";

beforeAll(async () => {
  await useBackend();
});

describe("blocks", () => {
  test.each([
    ["ResidualBlock", () => new ResidualBlock(key(1), 8, 8)],
    ["AttentionBlock", () => new AttentionBlock(key(1), 8)],
  ])("%s starts as the identity", async (_name, make: () => { forward(x: Tensor): Tensor }) => {
    const block = make();
    const x = normal(key(2), [1, 4, 4, 8]);
    const y = block.forward(x);
    expect([...(await y.data())]).toEqual([...(await x.data())]);
    dispose([x, y]);
    dispose(state(block));
  });

  test("equal keys give equal weights, other keys others, and a layer's parts differ", () => {
    const [a, b, c] = [key(1), key(1), key(2)].map((k) => new ResidualBlock(k, 4, 8)) as [
      ResidualBlock,
      ResidualBlock,
      ResidualBlock,
    ];
    const numbers = (block: ResidualBlock) => [...block.conv1.weight.dataSync()];
    expect(numbers(a)).toEqual(numbers(b));
    expect(numbers(a)).not.toEqual(numbers(c));
    expect(numbers(a).slice(0, 8)).not.toEqual(
      [...(a.conv_shortcut as Conv2d).weight.dataSync()].slice(0, 8),
    );
    dispose([a, b, c].map(state));
  });
});

describe("errors name the function, what was given and what was expected", () => {
  const k = key(0);
  let pair: Tensor;
  let image: Tensor;
  beforeAll(() => {
    pair = tensor([[1, 2]]);
    image = tensor([[[[1]], [[2]], [[3]]]]);
  });
  test.each<[string, () => unknown]>([
    ["Linear: inFeatures must be a positive integer, got 0.", () => new Linear(k, 0, 1)],
    ["Linear.forward: x must be [..., 3], got [1, 2].", () => new Linear(k, 3, 1).forward(pair)],
    [
      "Conv2d.forward: x must be [batch, height, width, channels] with 2 at the end, got [1, 3, 1, 1].",
      () => new Conv2d(k, 2, 1, 3).forward(image),
    ],
    [
      "ConvTranspose2d: outputPadding must be less than the stride 1, got 1.",
      () => new ConvTranspose2d(k, 1, 1, 2, { outputPadding: 1 }),
    ],
    [
      "MultiheadAttention: heads must divide the 8 features, got 3.",
      () => new MultiheadAttention(k, 8, 3),
    ],
    [
      "Embedding.forward: indices must be int32, got float32.",
      () => new Embedding(k, 3, 2).forward(pair),
    ],
    ["averagePool: height and width must be even, got 3 × 1.", () => averagePool(image)],
    [
      "sinusoidalEmbedding: features must be a positive even integer, got 5.",
      () => sinusoidalEmbedding(pair, 5),
    ],
    [
      "ResidualBlock.forward: this block was made with embeddingFeatures and needs an embedding.",
      () => new ResidualBlock(k, 4, 4, { embeddingFeatures: 2 }).forward(image),
    ],
    [
      "ResidualBlock.forward: an embedding was given to a block made without embeddingFeatures.",
      () => new ResidualBlock(k, 4, 4).forward(image, pair),
    ],
  ])("%s", (message, act) => {
    expect(act).toThrow(message);
  });
});
