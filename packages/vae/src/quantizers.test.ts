import { parameters, state } from "@gen/nn";
import {
  add,
  concat,
  dispose,
  foldIn,
  grad,
  key,
  memory,
  mul,
  normal,
  reshape,
  sub,
  sum,
  tensor,
  type Tensor,
  tidy,
  uniform,
  useBackend,
} from "@gen/tensor";
import { adam, linear, type Trainee, trainStep } from "@gen/train";
import { expectClose, fixture } from "@gen/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { trained } from "@gen/training-tests";
import {
  codeStatistics,
  convVQVAE,
  EmaVectorQuantizer,
  FiniteScalarQuantizer,
  kMeans,
  LookupFreeQuantizer,
  nearestCode,
  type Quantizer,
  type QuantizerConfig,
  quantizerOf,
  ResidualQuantizer,
  scheduled,
  VectorQuantizer,
  type VQVAE,
  vqvaeLoss,
} from "./index.ts";

type Rows = number[][];
const reference = fixture<{
  finiteScalar: {
    levels: number[];
    z: Rows;
    weights: Rows;
    codes: Rows;
    indices: number[];
    gradient: Rows;
  };
  movingAverage: {
    decay: number;
    start: Rows;
    steps: { z: Rows; indices: number[]; loss: number; perplexity: number; codebook: Rows }[];
  };
  entropies: { z: Rows; temperature: number; gradient: Rows; loss: number };
}>(import.meta.url, "../test/fixtures/vae-family.json");

beforeAll(async () => {
  await useBackend();
});

test("a finite scalar quantiser has PyTorch's codes, indices and gradient", async () => {
  const { levels, z, weights, codes, indices, gradient } = reference.finiteScalar;
  const quantizer = new FiniteScalarQuantizer(levels);
  expect(quantizer.codes).toBe(480);
  const result = quantizer.quantize(tensor(z));
  expectClose(await result.quantized.data(), codes.flat(), 1e-5);
  expect([...(await result.indices.data())]).toEqual(indices);
  const back = grad((x) => sum(mul(quantizer.quantize(x).quantized, tensor(weights))))(tensor(z));
  expectClose(await back.data(), gradient.flat(), 1e-4);
});

test("codes by moving averages are PyTorch's, for three steps", async () => {
  const { decay, start, steps } = reference.movingAverage;
  const quantizer = new EmaVectorQuantizer(key(1), {
    codes: 4,
    features: 2,
    decay,
    restartBelow: 0,
  });
  quantizer.codebook.assign(tensor(start));
  quantizer.sums.assign(tensor(start));
  for (const step of steps) {
    const result = quantizer.quantize(tensor(step.z), { mode: "training" });
    expect([...(await result.indices.data())]).toEqual(step.indices);
    expectClose(await result.loss.data(), [step.loss], 1e-5);
    expectClose(await codeStatistics(result.indices, 4).perplexity.data(), [step.perplexity], 1e-5);
    expectClose(await quantizer.codebook.data(), step.codebook.flat(), 1e-5);
  }
});

test("the entropies of a lookup-free quantiser, and their gradient, are PyTorch's", async () => {
  const { z, temperature, gradient, loss } = reference.entropies;
  const quantizer = new LookupFreeQuantizer({ features: 3, temperature });
  const result = quantizer.quantize(tensor(z));
  expectClose(await result.loss.data(), [loss], 1e-4);
  expectClose(await result.quantized.data(), z.flat().map(Math.sign));
  const back = grad((x) => quantizer.quantize(x).loss)(tensor(z));
  expectClose(await back.data(), gradient.flat(), 1e-3);
});

test("β stands on the commitment: it scales the encoder's gradient and leaves the codebook's", async () => {
  const gradients = async (commitment: number): Promise<[number, number]> => {
    const quantizer = new VectorQuantizer(key(1), { codes: 3, features: 2, commitment });
    const z = normal(key(2), [5, 2]);
    const trainee = trainStep({
      parameters: parameters(quantizer),
      loss: (_batch, k) => {
        const { loss } = quantizer.quantize(z, { mode: "training", key: k });
        return { loss };
      },
      optimizer: () => ({
        state: [],
        constants: [],
        numbers: () => [],
        update: (gradient) => ({ updates: gradient, state: [] }),
      }),
    });
    const before = await quantizer.codebook.data();
    dispose(trainee.step({}, key(3), 0));
    const after = await quantizer.codebook.data();
    const toEncoder = await grad((x) => quantizer.quantize(x).loss)(z).data();
    return [after[0]! - before[0]!, toEncoder[0]!];
  };
  const [one, two] = [await gradients(0.25), await gradients(0.5)];
  expect(two[0] / one[0]).toBeCloseTo(1, 4);
  expect(Math.abs(one[0])).toBeGreaterThan(1e-3);
});

test("k-means finds the centres of clusters far from each other", async () => {
  const centres = [
    [5, 0],
    [-5, 1],
    [0, 8],
  ];
  const points = concat(
    centres.map((c, i) => add(mul(normal(key(i), [50, 2]), 0.1), c)),
    0,
  );
  const before = memory().numTensors;
  const found = kMeans(key(7), points, 3);
  expect(memory().numTensors).toBe(before + 1);
  const rows = found.arraySync() as Rows;
  for (const [x, y] of centres) {
    expect(Math.min(...rows.map(([a, b]) => Math.hypot(a! - x!, b! - y!)))).toBeLessThan(0.1);
  }
  expect(() => kMeans(key(1), points, 151)).toThrow("with at least count = 151 rows");
});

test("the nearest code is the one of least distance", async () => {
  const [vectors, codebook] = [normal(key(1), [20, 3]), normal(key(2), [7, 3])];
  const [v, c] = [vectors.arraySync() as Rows, codebook.arraySync() as Rows];
  const distance = (a: number[], b: number[]): number => Math.hypot(...a.map((x, i) => x - b[i]!));
  const expected = v.map((row) => {
    const each = c.map((code) => distance(row, code));
    return each.indexOf(Math.min(...each));
  });
  expect([...(await nearestCode(vectors, codebook).data())]).toEqual(expected);
});

test("perplexity and usage: 8 and 1 for codes evenly used, 2 and a quarter for two of eight", async () => {
  const statistics = (indices: number[]): number[] =>
    Object.values(codeStatistics(tensor(indices, undefined, "int32"), 8)).map(
      (t) => t.dataSync()[0]!,
    );
  expectClose(statistics([0, 1, 2, 3, 4, 5, 6, 7]), [8, 1]);
  expectClose(statistics([3, 5, 5, 3]), [2, 0.25]);
});

describe.each([
  ["VectorQuantizer", VectorQuantizer],
  ["EmaVectorQuantizer", EmaVectorQuantizer],
])("dead codes of a %s", (_name, Quantizer) => {
  const run = (restartBelow: number): number => {
    const quantizer = new Quantizer(key(1), { codes: 8, features: 2, decay: 0.5, restartBelow });
    // All codes start near 0, and the vectors are eight corners far away: one code would take most of them.
    const z = tensor([
      [10, 0],
      [0, 10],
      [-10, 0],
      [0, -10],
      [9, 9],
      [-9, 9],
      [9, -9],
      [-9, -9],
    ]);
    for (let i = 0; i < 40; i++) {
      dispose(quantizer.quantize(z, { mode: "training", key: key(i) }));
    }
    const { indices } = quantizer.quantize(z);
    return codeStatistics(indices, 8).usage.dataSync()[0]!;
  };
  test("start again at vectors of the batch, and are used", () => {
    expect(run(0.2)).toBeGreaterThan(run(0));
    expect(run(0.2)).toBeGreaterThanOrEqual(7 / 8);
  });
});

const configs: QuantizerConfig[] = [
  { name: "vector", codes: 16, features: 3 },
  { name: "ema", codes: 16, features: 3 },
  { name: "residual", codes: 8, features: 3, depth: 3 },
  { name: "finiteScalar", levels: [5, 4, 3] },
  { name: "lookupFree", features: 3 },
  { name: "gumbel", codes: 16, features: 3 },
];

describe.each(configs.map((config) => [config.name, config] as const))("%s", (_name, config) => {
  test("gives what its indices look up, one of its codes, and leaks nothing", async () => {
    const quantizer = quantizerOf(key(1), config);
    const z = normal(key(2), [2, 4, 4, 3]);
    const before = memory().numTensors;
    const result = quantizer.quantize(z);
    expect(memory().numTensors).toBe(before + 3);
    const found = quantizer.lookup(result.indices);
    expect(memory().numTensors).toBe(before + 4);
    expectClose(await result.quantized.data(), await found.data(), 1e-5);
    const indices = await result.indices.data();
    expect(result.indices.shape).toEqual(quantizer.depth === 1 ? [2, 4, 4] : [2, 4, 4, 3]);
    expect(Math.min(...indices)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...indices)).toBeLessThan(quantizer.codes);
    expect(new Set(indices).size).toBeGreaterThan(1);
    dispose([result, found]);
    quantizer.start?.(z, key(4));
    const trained = quantizer.quantize(z, { mode: "training", key: key(3) });
    expect(memory().numTensors).toBe(before + 3);
    dispose(trained);
    dispose(state(quantizer));
  });

  test("lets the gradient through to the encoder", async () => {
    const quantizer = quantizerOf(key(1), config);
    const z = normal(key(2), [6, 3]);
    const options = { mode: "training", key: key(5) } as const;
    const back = grad((x) => sum(quantizer.quantize(x, options).quantized))(z);
    expect(Array.from(await back.data()).some((v) => Math.abs(v) > 1e-4)).toBe(true);
  });

  test("refuses vectors of another length", () => {
    expect(() => quantizerOf(key(1), config).quantize(normal(key(2), [6, 4]))).toThrow(
      "quantize: z must be [batch, …, 3], got [6, 4]",
    );
  });
});

test("each stage of a residual quantiser leaves a smaller rest", async () => {
  const stage = (i: number): Quantizer => new EmaVectorQuantizer(key(i), { codes: 8, features: 2 });
  const z = normal(key(9), [200, 2]);
  const errors = [1, 2, 4].map((depth) => {
    const quantizer = new ResidualQuantizer(Array.from({ length: depth }, (_, i) => stage(i)));
    quantizer.start(z, key(2));
    return tidy(() => {
      const rest = sub(z, quantizer.quantize(z).quantized);
      return sum(mul(rest, rest)).dataSync()[0]! / 400;
    });
  });
  expect(errors[1]).toBeLessThan(errors[0]! / 3);
  expect(errors[2]).toBeLessThan(errors[1]! / 6);
  // Eight codes of a normal distribution in the plane: not below what rate and distortion allow, 2⁻³ of the variance.
  expect(errors[0]).toBeGreaterThan(0.125);
  expect(errors[0]).toBeLessThan(0.2);
});

/** Small squares at one of four places in one of two shades: 8 images in all. */
const squares = (step: number): { images: Tensor } => ({
  images: tidy(() => {
    const place = uniform(foldIn(key(8), step), [16, 1], 0, 4).arraySync() as Rows;
    const shade = uniform(foldIn(key(9), step), [16, 1], 0, 2).arraySync() as Rows;
    const pixels = place.flatMap(([p], n) =>
      Array.from({ length: 64 }, (_, i) => {
        const quarter = (i % 8 < 4 ? 0 : 1) + (i < 32 ? 0 : 2);
        return quarter === Math.floor(p!) ? (shade[n]![0]! < 1 ? 1 : 0.5) : 0;
      }),
    );
    return tensor(pixels, [16, 8, 8, 1]);
  }),
});

const makeVQVAE = (quantizer: QuantizerConfig): { model: VQVAE; trainee: Trainee } => {
  const model = convVQVAE(key(1), {
    imageSize: 8,
    inChannels: 1,
    channels: [8, 8],
    quantizer,
    likelihood: { name: "gaussian", variance: 0.05 },
  });
  const { images } = squares(10_000);
  model.start(reshape(images, [16, 8, 8, 1]), key(4));
  const trainee = trainStep({
    parameters: state(model),
    loss: ({ images: batch, temperature }, k) =>
      vqvaeLoss({ model, images: batch!, key: k, temperature: temperature! }),
    optimizer: adam({ learningRate: 0.005 }),
  });
  const temperature = linear({ from: 1, to: 0.3, steps: 100 });
  return { model, trainee: scheduled(trainee, { temperature }) };
};

test.each(configs.map((config) => [config.name, config] as const))(
  "a VQ-VAE with codes of kind %s learns to reconstruct, resumes to the bit, keeps memory flat",
  async (_name, config) => {
    const { metrics, model } = await trained(() => makeVQVAE(config), {
      data: squares,
      steps: 120,
      stop: 7,
    });
    const [first, last] = [metrics[0]!, metrics.at(-1)!];
    expect(last["reconstruction"]).toBeLessThan(first["reconstruction"]! - 10);
    expect(last["usage"]).toBeGreaterThan(0);
    const { images } = squares(10_001);
    const restored = tidy(() => model.decode(model.encode(images)));
    expect(restored.shape).toEqual([16, 8, 8, 1]);
  },
);

test("what makes no quantiser is refused in one sentence", () => {
  expect(() => new FiniteScalarQuantizer([8, 2])).toThrow(
    "FiniteScalarQuantizer: levels must be whole numbers of 3 or more (for 2, take LookupFreeQuantizer), got [8, 2]",
  );
  expect(() => new LookupFreeQuantizer({ features: 40 })).toThrow(
    "LookupFreeQuantizer: features must be a whole number from 1 to 24, got 40",
  );
  expect(() => new VectorQuantizer(key(1), { codes: 0, features: 2 })).toThrow(
    "VectorQuantizer: codes must be a whole number above 0, got 0",
  );
  expect(() => new EmaVectorQuantizer(key(1), { codes: 4, features: 2, decay: 1 })).toThrow(
    "EmaVectorQuantizer: commitment must be 0 or more, restartBelow and decay from 0 to below 1",
  );
  expect(() => new ResidualQuantizer([])).toThrow("ResidualQuantizer: stages must be one or more");
  const z = normal(key(2), [4, 2]);
  expect(() =>
    new EmaVectorQuantizer(key(1), { codes: 4, features: 2 }).quantize(z, { mode: "training" }),
  ).toThrow("EmaVectorQuantizer.quantize: training needs a key, got none; pass { mode, key }");
  expect(() => quantizerOf(key(1), { name: "product" } as never)).toThrow(
    "quantizerOf: name must be vector, ema, residual, finiteScalar, lookupFree or gumbel, got product",
  );
});
