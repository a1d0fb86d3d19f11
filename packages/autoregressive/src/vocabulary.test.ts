import { parameters, state } from "@gen/nn";
import { dispose, key, tensor, useBackend } from "@gen/tensor";
import { adamw, train, trainStep } from "@gen/train";
import { expect, test } from "vitest";
import { autoregressiveLoss, CausalTransformer, tokenSampler, vocabularyOf } from "./index.ts";

test("characters go to numbers in order and back, beyond 16 bits too", () => {
  const text = "zebra, café 𝔘𝔘";
  const { characters, encode, decode } = vocabularyOf(text);
  expect(characters.join("")).toBe(" ,abcefrzé𝔘");
  expect(decode(encode(text))).toBe(text);
  expect([...vocabularyOf("cab").encode("abc")]).toEqual([0, 1, 2]);
});

test("what is not in the vocabulary is refused", () => {
  const { encode, decode } = vocabularyOf("ab");
  expect(() => encode("abc")).toThrow('got "c"');
  expect(() => decode([0, 2])).toThrow("whole numbers from 0 to 1, got 2");
  expect(() => vocabularyOf("")).toThrow("text must have characters");
});

test("a model of characters learns a line and goes on with it", async () => {
  await useBackend();
  const text = "to be, or not to be.";
  const { characters, encode, decode } = vocabularyOf(text);
  const size = { vocabulary: characters.length, maxTokens: text.length };
  const model = new CausalTransformer(key(0), { ...size, width: 32, depth: 1, heads: 2 });
  const tokens = tensor(encode(text), [1, text.length], "int32");
  const trainee = trainStep({
    parameters: parameters(model),
    loss: (batch) => autoregressiveLoss({ model, tokens: batch["tokens"]! }),
    optimizer: adamw({ learningRate: 0.01 }),
  });
  await train(trainee, { data: () => ({ tokens: tokens.clone() }), key: key(1), steps: 60 });
  const sampler = tokenSampler({ model, batch: 1, topK: 1 });
  const prompt = tensor(encode("to be"), [1, 5], "int32");
  const drawn = await sampler.sample({ key: key(2), prompt });
  expect(decode(await drawn.data())).toBe(text);
  sampler.dispose();
  dispose([tokens, prompt, drawn, state(model)]);
}, 20_000);
