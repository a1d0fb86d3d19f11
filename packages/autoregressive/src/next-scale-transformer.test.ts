import { state } from "@gen/nn";
import { argMax, dispose, key, logSoftmax, memory, tensor, tidy, useBackend } from "@gen/tensor";
import { beforeAll, expect, test } from "vitest";
import { autoregressiveLoss, NextScaleTransformer, scaleSampler } from "./index.ts";

beforeAll(async () => {
  await useBackend();
});

const size = { width: 16, depth: 2, heads: 2 };

test("a token changes the logits of all later maps and of no token of its own or an earlier map", async () => {
  const model = new NextScaleTransformer(key(1), { vocabulary: 5, scales: [1, 2, 3], ...size });
  const tokens = Array.from({ length: 14 }, (_, i) => i % 5);
  const logits = async (row: number[]): Promise<number[][]> => {
    const given = tensor([row], [1, 14], "int32");
    const out = model.forward(given);
    const [rows] = (await out.array()) as number[][][];
    dispose([given, out]);
    return rows!;
  };
  const before = await logits(tokens);
  // Map 1 is the token 0, map 2 the tokens 1 … 4, map 3 the tokens 5 … 13.
  for (const [changed, from] of [
    [0, 1],
    [1, 5],
    [4, 5],
    [5, 14],
    [13, 14],
  ] as const) {
    const after = await logits(tokens.map((t, i) => (i === changed ? (t + 1) % 5 : t)));
    const differs = before.map((row, i) => row.some((v, j) => v !== after[i]![j]));
    expect(differs, `token ${changed}`).toEqual(before.map((_, i) => i >= from));
  }
  dispose(state(model));
});

test("the probabilities of all 32 pairs of binary maps sum to 1", async () => {
  const model = new NextScaleTransformer(key(2), { vocabulary: 2, scales: [1, 2], ...size });
  const rows = Array.from({ length: 32 }, (_, i) => [0, 1, 2, 3, 4].map((b) => (i >> b) & 1));
  const tokens = tensor(rows, [32, 5], "int32");
  const before = memory().numTensors;
  const { loss, bitsPerToken } = autoregressiveLoss({ model, tokens });
  expect(memory().numTensors).toBe(before + 2);
  const logP = tidy(() => logSoftmax(model.forward(tokens)));
  const each = ((await logP.array()) as number[][][]).map((places, i) =>
    places.reduce((s, place, j) => s + place[rows[i]![j]!]!, 0),
  );
  expect(each.reduce((s, v) => s + Math.exp(v), 0)).toBeCloseTo(1, 5);
  expect((await loss.data())[0]).toBeCloseTo(-each.reduce((s, v) => s + v, 0) / 32 / 5, 5);
  dispose([tokens, logP, loss, bitsPerToken, state(model)]);
});

test("samples take a pass for each scale: each token is what the whole pass says is likeliest", async () => {
  const config = { vocabulary: 7, scales: [1, 2, 4], ...size, classes: 3 };
  const model = new NextScaleTransformer(key(3), config);
  const labels = tensor([2, 0], [2], "int32");
  const sampler = scaleSampler({ model, batch: 2, topK: 1 });
  const before = memory().numTensors;
  const tokens = await sampler.sample({ key: key(4), labels });
  expect(memory().numTensors).toBe(before + 1);
  expect(tokens.dtype).toBe("int32");
  const likeliest = tidy(() => argMax(model.forward(tokens, labels), -1));
  expect([...(await tokens.data())]).toEqual([...(await likeliest.data())]);
  sampler.dispose();
  dispose([labels, tokens, likeliest, state(model)]);
});

test("what does not fit is refused", () => {
  const make = (scales: number[]): NextScaleTransformer =>
    new NextScaleTransformer(key(0), { vocabulary: 2, scales, ...size });
  expect(() => make([2, 2])).toThrow("scales must be whole numbers that grow, got [2, 2]");
  expect(() => make([])).toThrow("got []");
  const model = make([1, 2]);
  const tokens = tensor([[0, 1]], [1, 2], "int32");
  expect(() => model.forward(tokens)).toThrow("tokens must be int32 [batch, 5], got int32 [1, 2]");
  dispose([tokens, state(model)]);
});
