import { parameters, state } from "@gen/nn";
import { cosine, posterior, uniformGrid, uniformTimes } from "@gen/schedules";
import {
  add,
  cast,
  concat,
  dispose,
  foldIn,
  type Key,
  key,
  memory,
  mul,
  normal,
  randint,
  reshape,
  reverse,
  type Scalar,
  slice,
  sum,
  type Tensor,
  tensor,
  tidy,
  useBackend,
  valueAndGrad,
  zeros,
} from "@gen/tensor";
import { adamw, cosine as falling, train, trainStep } from "@gen/train";
import { beforeAll, describe, expect, test } from "vitest";
import { cosineCounts, MAR, type MARConfig, marLoss, marSampler } from "./index.ts";

beforeAll(async () => {
  await useBackend();
});

const small = { width: 16, depth: 2, heads: 2, head: { width: 16, depth: 1 } };

/** A network whose head does not begin with zeros. */
function disturbed(config: MARConfig): MAR {
  const model = new MAR(key(1), config);
  Object.values(parameters(model)).forEach((v, i) => {
    const moved = tidy(() => add(v, mul(normal(foldIn(key(2), i), v.shape), 0.1)));
    v.assign(moved);
    moved.dispose();
  });
  return model;
}

test("what is said of a place follows from all known tokens and from no unknown one, by gradients", async () => {
  const model = disturbed({ ...small, tokens: 5, features: 2, classes: 3 });
  const tokens = normal(key(3), [1, 5, 2]);
  const known = tensor([1, 0, 1, 0, 0], [1, 5]);
  const labels = tensor([1], [1], "int32");
  const other = tensor([2], [1], "int32");
  for (const place of [0, 1, 4]) {
    const { value, grad } = valueAndGrad(
      (x: Tensor) =>
        sum(slice(model.forward(x, known, labels), [0, place, 0], [1, 1, 5])) as Scalar,
    )(tokens);
    const seen = ((await grad.array()) as number[][][])[0]!;
    expect(seen.map((token) => token.map((g) => g !== 0))).toEqual([
      [true, true],
      [false, false],
      [true, true],
      [false, false],
      [false, false],
    ]);
    dispose([value, grad]);
  }
  const [one, two] = [model.forward(tokens, known, labels), model.forward(tokens, known, other)];
  const [a, b] = [await one.data(), await two.data()];
  expect([...a].every((v, i) => v !== b[i])).toBe(true);
  dispose([tokens, known, labels, other, one, two, state(model)]);
});

/** Trains on batches of 256. */
async function trained(
  config: MARConfig,
  steps: number,
  batch: (key: Key) => { tokens: Tensor; labels?: Tensor },
): Promise<MAR> {
  const model = new MAR(key(1), config);
  const trainee = trainStep({
    parameters: parameters(model),
    loss: ({ tokens, labels }, k) =>
      marLoss({ model, tokens: tokens as Tensor, labels, key: k, unknown: uniformTimes }),
    optimizer: adamw({ learningRate: falling({ from: 5e-3, steps }), weightDecay: 0 }),
  });
  await train(trainee, { data: (step) => batch(foldIn(key(5), step)), key: key(6), steps });
  trainee.dispose();
  return model;
}

const meanAndDeviation = (x: ArrayLike<number>): [number, number] => {
  const values = Array.from(x);
  const mean = values.reduce((s, v) => s + v, 0) / values.length;
  return [mean, Math.sqrt(values.reduce((s, v) => s + (v - mean) ** 2, 0) / values.length)];
};

test("the head learns two normal distributions: its v, its samples and its temperature are the exact ones", async () => {
  const [means, deviations] = [
    [0.5, -1],
    [0.4, 0.8],
  ];
  const config = { ...small, tokens: 1, features: 1, classes: 2, head: { width: 32, depth: 2 } };
  const model = await trained(config, 500, (k) => {
    const labels = randint(foldIn(k, 0), [256], 0, 2);
    const tokens = tidy(() => {
      const second = cast(labels, "float32");
      const scale = add(mul(second, deviations[1]! - deviations[0]!), deviations[0]!);
      const shift = add(mul(second, means[1]! - means[0]!), means[0]!);
      return reshape(add(mul(normal(foldIn(k, 1), [256]), scale), shift), [256, 1, 1]);
    });
    return { tokens, labels };
  });
  const path = cosine();
  for (const label of [0, 1]) {
    const [mean, deviation] = [means[label]!, deviations[label]!];
    // Where x_t is likely: at its mean and at one and two deviations from it.
    const points = [0.1, 0.3, 0.5, 0.7, 0.9].flatMap((t) => {
      const [a, b] = [path.a(t), path.b(t)];
      const variance = (a * deviation) ** 2 + b ** 2;
      return [-2, -1, 0, 1, 2].map((z) => {
        const away = z * Math.sqrt(variance);
        const [data, noise] = [
          mean + (a * deviation ** 2 * away) / variance,
          (b * away) / variance,
        ];
        return { t, x: a * mean + away, v: a * noise - b * data };
      });
    });
    const count = points.length;
    const inputs = tidy(() => {
      const one = tensor([label], [1], "int32");
      const told = model.forward(zeros([1, 1, 1]), zeros([1, 1]), one);
      return {
        x: tensor(
          points.map(({ x }) => x),
          [count, 1],
        ),
        t: tensor(points.map(({ t }) => t)),
        told: concat(Array.from({ length: count }, () => reshape(told, [1, -1]))),
      };
    });
    const out = model.head.forward(inputs.x, inputs.t, inputs.told);
    const wrong = [...(await out.data())].map((v, i) => v - points[i]!.v);
    expect(Math.hypot(...wrong) / Math.sqrt(count), `v, label ${label}`).toBeLessThan(0.08);
    dispose([inputs, out]);

    for (const temperature of [1, 0.5]) {
      const steps = 50;
      const options = { model, batch: 4000, steps: 1, diffusionSteps: steps, temperature };
      const sampler = marSampler(options);
      const labels = tensor(new Int32Array(4000).fill(label), [4000], "int32");
      const drawn = await sampler.sample({ key: key(8), labels });
      const [m, d] = meanAndDeviation(await drawn.data());
      // The exact denoiser is linear, so each step maps the variance: in numbers.
      let variance = 1;
      const times = uniformGrid(steps);
      for (const [i, from] of times.slice(0, -1).entries()) {
        const to = times[i + 1]!;
        const [a, b] = [path.a(from), path.b(from)];
        const step = posterior(path, from, to);
        const slope = (a * deviation ** 2) / ((a * deviation) ** 2 + b ** 2);
        variance =
          (step.input + step.data * slope) ** 2 * variance + temperature ** 2 * step.variance;
      }
      expect(Math.abs(m - mean), `mean, label ${label}`).toBeLessThan(0.06);
      const exact = Math.sqrt(variance);
      expect(Math.abs(d / exact - 1), `${label}, temperature ${temperature}`).toBeLessThan(0.08);
      sampler.dispose();
      dispose([labels, drawn]);
    }
  }
  dispose(state(model));
}, 60_000);

test("tokens drawn one after the other depend on one another as the data's do, drawn at once they do not", async () => {
  const correlation = 0.9;
  const model = await trained({ ...small, tokens: 2, features: 1 }, 500, (k) => ({
    tokens: tidy(() => {
      const [first, fresh] = [0, 1].map((i) => normal(foldIn(k, i), [256, 1, 1])) as [
        Tensor,
        Tensor,
      ];
      const second = add(mul(first, correlation), mul(fresh, Math.sqrt(1 - correlation ** 2)));
      return mul(concat([first, second], 1), 0.7);
    }),
  }));
  for (const [steps, expected] of [
    [2, correlation],
    [1, 0],
  ] as const) {
    const sampler = marSampler({ model, batch: 3000, steps, diffusionSteps: 50 });
    const drawn = await sampler.sample({ key: key(9) });
    const pairs = ((await drawn.array()) as number[][][]).map((p) => p.flat() as [number, number]);
    const [sums, differences] = [1, -1].map((sign) =>
      meanAndDeviation(pairs.map(([x, y]) => x + sign * y)),
    ) as [[number, number], [number, number]];
    const measured = (sums[1] ** 2 - differences[1] ** 2) / (sums[1] ** 2 + differences[1] ** 2);
    expect(Math.abs(measured - expected), `${steps} steps`).toBeLessThan(0.08);
    for (const i of [0, 1]) {
      const [mean, deviation] = meanAndDeviation(pairs.map((pair) => pair[i]!));
      expect(Math.abs(mean)).toBeLessThan(0.08);
      expect(Math.abs(deviation - 0.7)).toBeLessThan(0.07);
    }
    sampler.dispose();
    dispose(drawn);
  }
  dispose(state(model));
}, 60_000);

test("of sixteen tokens a place finds the one that tells its own, in a few hundred steps", async () => {
  // A map of 4 × 4 tokens whose right half mirrors its left: a token follows from one other, which depends on its place.
  const mirrored = (k: Key, count: number): Tensor =>
    tidy(() => {
      const half = normal(k, [count, 4, 2, 4]);
      return reshape(concat([half, reverse(half, 2)], 2), [count, 16, 4]);
    });
  const sizes = { width: 32, depth: 2, heads: 2, head: { width: 32, depth: 2 } };
  const model = await trained({ ...sizes, tokens: 16, features: 4 }, 400, (k) => ({
    tokens: mirrored(k, 64),
  }));
  const tokens = mirrored(key(10), 256);
  // Two of the sixteen are unknown. Of standard normal data x_t alone says nothing of v, whose mean square is
  // a² + b² = 1; the other token says all of it, and is unknown itself one time in fifteen.
  const unknown = (_: Key, count: number): Float32Array => new Float32Array(count).fill(0.1);
  const { loss } = marLoss({ model, tokens, key: key(11), unknown });
  expect((await loss.data())[0]!).toBeLessThan(0.7);
  dispose([tokens, loss, state(model)]);
}, 120_000);

describe("sampling", () => {
  const config = { ...small, tokens: 7, features: 2, classes: 2 };
  const labels = (...values: number[]): Tensor => tensor(values, [values.length], "int32");

  test("known tokens stay, the others are drawn from the key; nothing leaks", async () => {
    const model = disturbed(config);
    const [given, told] = [normal(key(3), [2, 7, 2]), labels(0, 1)];
    const sampler = marSampler({ model, batch: 2, steps: 3, diffusionSteps: 4 });
    const known = { tokens: given, place: (i: number) => i % 2 === 0 };
    const before = memory().numTensors;
    const drawn = await sampler.sample({ key: key(4), labels: told, known });
    expect(memory().numTensors).toBe(before + 1);
    const [after, start] = (await Promise.all([drawn.array(), given.array()])) as number[][][][];
    for (const [i, example] of after!.entries()) {
      for (const [place, token] of example.entries()) {
        const same = token.every((v, j) => v === start![i]![place]![j]);
        expect(same, `place ${place}`).toBe(place % 2 === 0);
        expect(token.every((v) => Number.isFinite(v) && v !== 0)).toBe(true);
      }
    }
    const again = await sampler.sample({ key: key(4), labels: told, known });
    const other = await sampler.sample({ key: key(5), labels: told, known });
    expect([...(await again.data())]).toEqual([...(await drawn.data())]);
    expect([...(await other.data())]).not.toEqual([...(await drawn.data())]);
    const all = await sampler.sample({
      key: key(4),
      labels: told,
      known: { tokens: given, place: () => true },
    });
    expect([...(await all.data())]).toEqual([...(await given.data())]);
    const signal = AbortSignal.abort();
    const count = memory().numTensors;
    await expect(sampler.sample({ key: key(4), labels: told, signal })).rejects.toThrow("abort");
    expect(memory().numTensors).toBe(count);
    sampler.dispose();
    dispose([given, told, drawn, again, other, all, state(model)]);
  });

  test("guidance moves the head's prediction in a straight line from that without labels", async () => {
    const model = disturbed(config);
    const drawnAt = async (label: number, scale?: number): Promise<number[]> => {
      // One step of diffusion is one prediction of the data.
      const options = { model, batch: 1, steps: 1, diffusionSteps: 1 };
      const sampler = marSampler({
        ...options,
        ...(scale !== undefined && { guidance: { scale } }),
      });
      const told = labels(label);
      const drawn = await sampler.sample({ key: key(6), labels: told });
      const numbers = [...(await drawn.data())];
      sampler.dispose();
      dispose([told, drawn]);
      return numbers;
    };
    const [none, labelled] = [await drawnAt(2), await drawnAt(1)];
    const guided = await drawnAt(1, 3);
    for (const [i, value] of guided.entries()) {
      expect(value).toBeCloseTo(none[i]! + 3 * (labelled[i]! - none[i]!), 4);
    }
    expect(guided).not.toEqual(labelled);
    dispose(state(model));
  });

  test("the counts of tokens follow the cosine: each step one at least, all in the end", () => {
    for (const [count, steps] of [
      [256, 64],
      [49, 16],
      [7, 7],
      [5, 1],
    ] as const) {
      const counts = cosineCounts(count, steps);
      expect(counts).toHaveLength(steps);
      expect(Math.min(...counts)).toBeGreaterThanOrEqual(1);
      expect(counts.reduce((s, n) => s + n, 0)).toBe(count);
    }
    expect(cosineCounts(16, 4)).toEqual([2, 3, 5, 6]);
    // 256·cos(π/8) = 236.5 …: 256 − 236 = 20, 236 − 181, 181 − 97, 97.
    expect(cosineCounts(256, 4)).toEqual([20, 55, 84, 97]);
    expect(() => cosineCounts(4, 5)).toThrow("steps must be an integer from 1 to 4, got 5");
  });
});

test("the loss leaves no tensors behind, and what does not fit is refused", async () => {
  const model = new MAR(key(0), { ...small, tokens: 4, features: 2 });
  const [tokens, known] = [zeros([3, 4, 2]), zeros([3, 4])];
  const before = memory().numTensors;
  const { loss } = marLoss({ model, tokens, key: key(1) });
  expect(memory().numTensors).toBe(before + 1);
  // The head begins with zeros: of zeros with normal noise, v is a·z, and its mean square that of a² over t.
  const path = cosine();
  const squares = Array.from({ length: 1000 }, (_, i) => path.a((i + 0.5) / 1000) ** 2);
  const expected = squares.reduce((s, v) => s + v, 0) / 1000;
  expect(Math.abs((await loss.data())[0]! - expected)).toBeLessThan(0.3);
  const few = zeros([3, 3, 2]);
  expect(() => model.forward(few, known)).toThrow("tokens must be [batch, 4, 2], got [3, 3, 2]");
  const odd = zeros([3, 3]);
  expect(() => model.forward(tokens, odd)).toThrow("known must be [3, 4], got [3, 3]");
  const options = { model, batch: 1, steps: 2 };
  expect(() => marSampler({ ...options, steps: 5 })).toThrow("from 1 to 4, got 5");
  expect(() => marSampler({ ...options, temperature: -1 })).toThrow("0 or more, got -1");
  expect(() => marSampler({ ...options, guidance: { scale: 2 } })).toThrow("got 2 and 0 classes");
  const sampler = marSampler(options);
  const given = { tokens, place: () => true };
  await expect(sampler.sample({ key: key(0), known: given })).rejects.toThrow(
    "known.tokens must be [1, 4, 2], got [3, 4, 2]",
  );
  sampler.dispose();
  dispose([loss, tokens, known, few, odd, state(model)]);
});
