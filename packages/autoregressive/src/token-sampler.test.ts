import { state } from "@gen/nn";
import {
  add,
  argMax,
  categorical,
  dispose,
  foldIn,
  key,
  memory,
  randint,
  mul,
  slice,
  squeeze,
  sub,
  tensor,
  type Tensor,
  tidy,
  useBackend,
} from "@gen/tensor";
import { beforeAll, describe, expect, test } from "vitest";
import { CausalTransformer, dropLabels, filterLogits, tokenSampler } from "./index.ts";

beforeAll(async () => {
  await useBackend();
});

const config = { vocabulary: 7, maxTokens: 20, width: 16, depth: 2, heads: 2, classes: 2 };
const model = (): CausalTransformer => new CausalTransformer(key(1), config);

describe("filterLogits", () => {
  const logits = [2, 0.5, 1, -1];
  const kept = (options: object): number[] => {
    const t = filterLogits(tensor([logits]), options);
    return [...t.dataSync()].flatMap((v, i) => (v > -1e8 ? [i] : []));
  };

  test("keeps all by default, and divides by the temperature", () => {
    expect([...filterLogits(tensor([logits]), { temperature: 0.5 }).dataSync()]).toEqual(
      logits.map((v) => v * 2),
    );
    expect(kept({})).toEqual([0, 1, 2, 3]);
  });

  test("topK keeps the likeliest tokens, topP the fewest that reach the probability", () => {
    expect(kept({ topK: 1 })).toEqual([0]);
    expect(kept({ topK: 2 })).toEqual([0, 2]);
    expect(kept({ topK: 9 })).toEqual([0, 1, 2, 3]);
    // Probabilities: 0.609, 0.136, 0.224, 0.030.
    expect(kept({ topP: 0.6 })).toEqual([0]);
    expect(kept({ topP: 0.7 })).toEqual([0, 2]);
    expect(kept({ topP: 0.9 })).toEqual([0, 1, 2]);
    expect(kept({ topP: 0.999 })).toEqual([0, 1, 2, 3]);
    // Of the first two alone 0.731 and 0.269.
    expect(kept({ topK: 2, topP: 0.7 })).toEqual([0]);
  });

  test("numbers out of their range are refused", () => {
    const t = tensor([logits]);
    expect(() => filterLogits(t, { temperature: 0 })).toThrow("temperature must be above 0, got 0");
    expect(() => filterLogits(t, { topK: 0 })).toThrow("topK must be a positive integer, got 0");
    expect(() => filterLogits(t, { topP: 1.5 })).toThrow("topP must be in (0, 1], got 1.5");
  });
});

/** As `tokenSampler`, without a cache: all logits anew for every token. */
function sampleWithout(
  network: CausalTransformer,
  labels: Tensor,
  count: number,
  options: object,
): number[][] {
  const rows: number[][] = [[], []];
  for (let i = 0; i < count; i++) {
    const drawn = tidy(() => {
      const tokens = tensor(
        rows.map((row) => [...row, 0]),
        [2, i + 1],
        "int32",
      );
      const logits = squeeze(slice(network.forward(tokens, labels), [0, i, 0], [-1, 1, -1]), [1]);
      return categorical(foldIn(key(5), i), filterLogits(logits, options)).dataSync();
    });
    rows.forEach((row, b) => row.push(drawn[b] as number));
  }
  return rows;
}

test.each([{}, { temperature: 0.7, topK: 5 }, { topP: 0.8 }])(
  "sampling with the cache equals sampling without it: %j",
  async (options) => {
    const network = model();
    const labels = tensor([1, 0], [2], "int32");
    const sampler = tokenSampler({ model: network, batch: 2, ...options });
    const drawn = await sampler.sample({ key: key(5), labels });
    expect(await drawn.array()).toEqual(sampleWithout(network, labels, 20, options));
    sampler.dispose();
  },
);

test("a prompt is kept, and what follows follows from it; equal keys give equal tokens; nothing leaks", async () => {
  const network = model();
  const sampler = tokenSampler({ model: network, batch: 2 });
  const prompt = tensor(
    [
      [1, 2, 3],
      [6, 5, 4],
    ],
    [2, 3],
    "int32",
  );
  const draw = async (seed: number): Promise<number[][]> => {
    const t = await sampler.sample({ key: key(seed), tokens: 12, prompt });
    const rows = (await t.array()) as number[][];
    t.dispose();
    return rows;
  };
  const first = await draw(1);
  const tensors = memory().numTensors;
  const again = await draw(1);
  const other = await draw(2);
  expect(memory().numTensors).toBe(tensors);
  expect(first.map((row) => row.slice(0, 3))).toEqual([
    [1, 2, 3],
    [6, 5, 4],
  ]);
  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
  const control = new AbortController();
  control.abort();
  await expect(sampler.sample({ key: key(1), signal: control.signal })).rejects.toThrow("aborted");
  await expect(sampler.sample({ key: key(1), tokens: 21 })).rejects.toThrow(
    "tokens must be an integer from 1 to 20, got 21",
  );
  sampler.dispose();
  dispose(prompt);
});

test("parts that are drawn side by side give the tokens of the whole, with a prompt and with guidance", async () => {
  const network = model();
  const batch = 6;
  const labels = tensor([0, 1, 0, 1, 1, 0], [batch], "int32");
  const prompt = randint(key(3), [batch, 4], 0, config.vocabulary);
  for (const given of [{}, { prompt }]) {
    for (const options of [{}, { guidance: { scale: 2 } }]) {
      const drawn: number[][] = [];
      for (const shards of [1, 2, 3, 6]) {
        const sampler = tokenSampler({ model: network, batch, shards, ...options });
        const sampled = await sampler.sample({ key: key(7), labels, ...given });
        expect(sampled.shape).toEqual([batch, config.maxTokens]);
        drawn.push([...(await sampled.data())]);
        sampled.dispose();
        sampler.dispose();
      }
      for (const parts of drawn.slice(1)) expect(parts).toEqual(drawn[0]);
    }
  }
  for (const shards of [4, 0, -1, 0.5]) {
    expect(() => tokenSampler({ model: network, batch, shards })).toThrow(
      `tokenSampler: shards must divide the batch of 6, got ${shards}`,
    );
  }
  dispose([labels, prompt, state(network)]);
});

describe("guidance", () => {
  test("moves the logits away from those without a label, token by token", async () => {
    const network = model();
    const labels = tensor([0, 1], [2], "int32");
    const scale = 3;
    const sampler = tokenSampler({ model: network, batch: 2, guidance: { scale }, topK: 1 });
    const before = memory().numTensors;
    const sampled = await sampler.sample({ key: key(5), labels, tokens: 8 });
    expect(memory().numTensors).toBe(before + 1);
    // All at once, without a cache: the likeliest token by the formula is the one that was drawn.
    const likeliest = tidy(() => {
      const labelled = network.forward(sampled, labels);
      const none = network.forward(sampled);
      return argMax(add(none, mul(sub(labelled, none), scale)), -1);
    });
    const plain = tidy(() => argMax(network.forward(sampled, labels), -1));
    const drawn = [...(await sampled.data())];
    expect(drawn).toEqual([...(await likeliest.data())]);
    expect(drawn).not.toEqual([...(await plain.data())]);
    sampler.dispose();
    dispose([labels, sampled, likeliest, plain, state(network)]);
  });

  test("a scale of 1 changes nothing; without labels or classes it is refused", async () => {
    const network = model();
    const labels = tensor([0, 1], [2], "int32");
    const draws: number[][] = [];
    for (const options of [{}, { guidance: { scale: 1 } }]) {
      const sampler = tokenSampler({ model: network, batch: 2, ...options });
      const sampled = await sampler.sample({ key: key(5), labels, tokens: 6 });
      draws.push([...(await sampled.data())]);
      sampler.dispose();
      sampled.dispose();
    }
    expect(draws[0]).toEqual(draws[1]);
    const guided = tokenSampler({ model: network, batch: 2, guidance: { scale: 2 } });
    await expect(guided.sample({ key: key(0) })).rejects.toThrow("labels must be given");
    const plain = new CausalTransformer(key(1), { ...config, classes: 0 });
    expect(() => tokenSampler({ model: plain, batch: 2, guidance: { scale: 2 } })).toThrow(
      "got 2 and 0 classes",
    );
    guided.dispose();
    dispose([labels, state(network), state(plain)]);
  });

  test("dropLabels replaces as many labels as asked", async () => {
    const labels = tensor(new Int32Array(10_000).fill(1), [10_000], "int32");
    const before = memory().numTensors;
    const dropped = dropLabels({ key: key(1), labels, classes: 2 });
    expect(memory().numTensors).toBe(before + 1);
    const values = [...(await dropped.data())];
    const share = values.filter((v) => v === 2).length / 10_000;
    expect(values.every((v) => v === 1 || v === 2)).toBe(true);
    // Four deviations of a share of 0.1.
    expect(Math.abs(share - 0.1)).toBeLessThan(4 * Math.sqrt(0.09 / 10_000));
    expect(dropped.dtype).toBe("int32");
    expect(() => dropLabels({ key: key(1), labels, classes: 2, probability: 2 })).toThrow("got 2");
    dispose([labels, dropped]);
  });
});
