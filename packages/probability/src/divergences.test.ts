import { beforeAll, describe, expect, test } from "vitest";
import {
  add,
  compile,
  grad,
  key,
  type Key,
  mean,
  memory,
  mul,
  normal,
  sigmoid,
  sum,
  tensor,
  type Tensor,
  useBackend,
} from "@gen/tensor";
import { expectClose, fixture } from "@gen/testing";
import {
  anomalyScore,
  divergenceBySamples,
  divergenceOnGrid,
  type FDivergence,
  ganValue,
  gaussian,
  inverseMultiquadraticKernel,
  jensenShannon,
  kantorovichRubinstein,
  type Kernel,
  kullbackLeibler,
  laplace,
  maximumMeanDiscrepancy,
  mixture,
  optimalDiscriminatorLogit,
  polynomialKernel,
  rbfKernel,
  reverseKullbackLeibler,
  slicedWasserstein,
  totalVariation,
  uniformDistribution,
} from "./index.ts";

interface Packed {
  shape: number[];
  data: number[];
}
const { kernels } = fixture<{
  kernels: { x: Packed; y: Packed; values: Record<string, { unbiased: number; biased: number }> };
}>(import.meta.url, "../test/fixtures/distributions.json");
const unpack = ({ data, shape }: Packed): Tensor => tensor(data, shape);
const number = async (x: Tensor): Promise<number> => (await x.data())[0]!;

beforeAll(async () => {
  await useBackend();
});

/** All divergences, with their values for N(0, 1) and N(1, 1): KL ½; TV 2Φ(½) − 1; JSD the golden value. */
const divergences: [FDivergence, number][] = [
  [kullbackLeibler, 0.5],
  [reverseKullbackLeibler, 0.5],
  [jensenShannon, 0.11142148218473619],
  [totalVariation, 0.38292492254802624],
];
const grid = { low: -12, high: 13 };

describe.each(divergences.map(([each, value]) => [each.name, each, value] as const))(
  "%s",
  (_name, divergence, value) => {
    const [p, q] = [gaussian(0, 1), gaussian(1, 1)];

    test("has its known value on a grid and by samples", async () => {
      // The kink of the total variation costs a grid more.
      const tolerance = divergence === totalVariation ? 1e-4 : 1e-5;
      expectClose(await divergenceOnGrid(divergence, p, q, grid).data(), [value], tolerance);
      const estimate = await number(divergenceBySamples(divergence, p, q, key(0), 40000));
      expect(Math.abs(estimate - value)).toBeLessThan(0.015);
    });

    test("samples and grid agree on a mixture, and equal ones have none", async () => {
      const r = mixture([0, 0], gaussian([-1.5, 1], [0.7, 0.5]));
      const exact = await number(divergenceOnGrid(divergence, r, q, grid));
      const estimate = await number(divergenceBySamples(divergence, r, q, key(1), 40000));
      expect(exact).toBeGreaterThan(0.1);
      expect(Math.abs(estimate - exact)).toBeLessThan(0.03 * exact);
      expect(Math.abs(await number(divergenceOnGrid(divergence, r, r, grid)))).toBeLessThan(1e-6);
    });

    test("has the right gradient in a parameter", async () => {
      const at = (m: Tensor): Tensor =>
        divergenceOnGrid(divergence, p, gaussian(m, 1), { ...grid, points: 8001 });
      const [up, down] = [await number(at(tensor(0.81))), await number(at(tensor(0.79)))];
      expectClose(await grad(at)(tensor(0.8)).data(), [(up - down) / 0.02], 3e-3);
    });

    test("frees all but its result", async () => {
      await divergenceOnGrid(divergence, p, q, grid).data();
      const before = memory().numTensors;
      const [a, b] = [
        divergenceOnGrid(divergence, p, q, grid),
        divergenceBySamples(divergence, p, q, key(0), 10),
      ];
      await Promise.all([a.data(), b.data()]);
      a.dispose();
      b.dispose();
      expect(memory().numTensors).toBe(before);
    });
  },
);

test("the two directions of KL differ: covering both modes, or leaving one out", async () => {
  const data = mixture([0, 0], gaussian([-2, 2], 0.5));
  const [wide, narrow] = [gaussian(0, Math.sqrt(4.25)), gaussian(2, 0.5)];
  const kl = (p: typeof wide | typeof data, q: typeof wide | typeof data): Promise<number> =>
    number(divergenceOnGrid(kullbackLeibler, p, q, grid));
  expect(await kl(data, wide)).toBeLessThan(await kl(data, narrow));
  expect(await kl(narrow, data)).toBeLessThan(await kl(wide, data));
  // One of two modes left out costs ln 2.
  expect(await kl(narrow, data)).toBeCloseTo(Math.LN2, 3);
});

test("distributions apart: JSD ln 2, total variation 1, KL infinite", async () => {
  const [p, q] = [uniformDistribution(0, 1), uniformDistribution(2, 3)];
  const at = (d: FDivergence): Promise<number> =>
    number(divergenceOnGrid(d, p, q, { low: -0.9995, high: 4.0005, points: 5001 }));
  expect(await at(jensenShannon)).toBeCloseTo(Math.LN2, 4);
  expect(await at(totalVariation)).toBeCloseTo(1, 4);
  expect(await at(kullbackLeibler)).toBe(Infinity);
});

test("the GAN row: the best discriminator, and the value that it reaches", async () => {
  const [p, q] = [gaussian(0, 1), gaussian(1, 1)];
  const x = tensor([-1, 0, 0.5, 3]);
  const best = await sigmoid(optimalDiscriminatorLogit(p, q, x)).data();
  expectClose(
    best,
    [-1, 0, 0.5, 3].map((v) => 1 / (1 + Math.exp(v - 0.5))),
    1e-6,
  );
  expect(best[1]).toBeCloseTo(0.6224593312018546, 6);
  const logits = (draws: Tensor): Tensor => optimalDiscriminatorLogit(p, q, draws);
  const n = [100000];
  const value = await number(ganValue(logits(p.sample(key(0), n)), logits(q.sample(key(1), n))));
  expect(Math.abs(value - -1.163451396750418)).toBeLessThan(5e-3);
  const jsd = await number(divergenceOnGrid(jensenShannon, p, q, grid));
  expect(2 * jsd - 2 * Math.LN2).toBeCloseTo(-1.163451396750418, 5);
  // Where the generator is right, the best discriminator knows nothing.
  expect(await number(ganValue(mul(0, x), mul(0, x)))).toBeCloseTo(-1.3862943611, 6);
});

const named: Record<string, Kernel> = {
  rbf: rbfKernel([0.5, 2]),
  polynomial: polynomialKernel(),
  inverseMultiquadratic: inverseMultiquadraticKernel([1, 6]),
};

describe.each(Object.entries(named))("MMD with the %s kernel", (name, kernel) => {
  const estimators = ["unbiased", "biased"] as const;
  test.each(estimators)("has NumPy's value, %s", async (estimator) => {
    const [x, y] = [unpack(kernels.x), unpack(kernels.y)];
    const got = await number(maximumMeanDiscrepancy(x, y, kernel, { estimator }));
    expect(Math.abs(got - kernels.values[name]![estimator])).toBeLessThan(
      1e-5 * Math.max(1, Math.abs(kernels.values[name]![estimator])),
    );
    // The biased one of a sample and itself is exactly the discrepancy of equal distributions.
    const none = await number(maximumMeanDiscrepancy(x, x, kernel, { estimator: "biased" }));
    expect(Math.abs(none)).toBeLessThan(1e-5);
  });

  test("its gradient is its difference quotient, and pulls samples together", async () => {
    const [x, y] = [unpack(kernels.x), unpack(kernels.y)];
    const f = (points: Tensor): Tensor => maximumMeanDiscrepancy(points, y, kernel);
    const gradient = grad(f)(x);
    const direction = normal(key(9), x.shape);
    const at = (h: number): Promise<number> => number(f(add(x, mul(h, direction))));
    const slope = ((await at(0.01)) - (await at(-0.01))) / 0.02;
    expect(Math.abs((await number(sum(mul(gradient, direction)))) - slope)).toBeLessThan(
      2e-3 * Math.max(1, Math.abs(slope)),
    );
    const before = memory().numTensors;
    f(x).dispose();
    expect(memory().numTensors).toBe(before);
  });
});

test("sliced Wasserstein: exact in one dimension and for shifts, whatever the order of the points", async () => {
  // W₂² of {0, 1, 5} and {4, 0, 2}: sorted differences 0, 1, 1.
  const x = tensor([[5], [0], [1]]);
  const y = tensor([[4], [0], [2]]);
  expectClose(await slicedWasserstein(x, y, key(0)).data(), [2 / 3], 1e-6);
  expectClose(await slicedWasserstein(x, y, key(0), { order: 1 }).data(), [2 / 3], 1e-6);
  // A shift by v costs ⟨θ, v⟩² in every direction, |v|²/d on average.
  const points = normal(key(1), [50, 4]);
  const shifted = add(points, tensor([1, -2, 0, 2]));
  const distance = await number(slicedWasserstein(shifted, points, key(2), { directions: 4000 }));
  expect(Math.abs(distance - 9 / 4)).toBeLessThan(0.12);
  // Its gradient moves each point toward its partner: descent ends at the other sample.
  let moving = points;
  for (let i = 0; i < 60; i++) {
    const gradient = grad((z: Tensor) => slicedWasserstein(z, shifted, key(i)))(moving);
    moving = add(moving, mul(-60, gradient));
  }
  expectClose(await mean(moving, 0).data(), await mean(shifted, 0).data(), 0.02);
});

test("sliced Wasserstein frees all but its result, and compiles", async () => {
  const [x, y] = [normal(key(0), [8, 2]), normal(key(1), [8, 2])];
  const eager = slicedWasserstein(x, y, key(2));
  const expected = await eager.data();
  const before = memory().numTensors;
  slicedWasserstein(x, y, key(2)).dispose();
  grad((points: Tensor) => slicedWasserstein(points, y, key(2)))(x).dispose();
  expect(memory().numTensors).toBe(before);
  const compiled = compile((a: Tensor, b: Tensor, k: Key) => slicedWasserstein(a, b, k));
  expectClose(await compiled(x, y, key(2)).data(), expected, 1e-6);
  expectClose(await compiled(x, y, key(2)).data(), expected, 1e-6);
  expect(await compiled(x, y, key(3)).data()).not.toEqual(expected);
  compiled.dispose();
});

test("the dual value of a critic of slope 1 bounds W₁, and is W₁ for a shift", async () => {
  const x = gaussian(0.3, 1).sample(key(0), [50000]);
  const y = gaussian(1.8, 1).sample(key(1), [50000]);
  expect(Math.abs((await number(kantorovichRubinstein(y, x))) - 1.5)).toBeLessThan(0.02);
  const weaker = kantorovichRubinstein(mul(0.5, y), mul(0.5, x));
  expect(Math.abs((await number(weaker)) - 0.75)).toBeLessThan(0.02);
  const before = memory().numTensors;
  kantorovichRubinstein(x, y).dispose();
  ganValue(x, y).dispose();
  expect(memory().numTensors).toBe(before);
});

test("the anomaly score is −log p", async () => {
  const score = anomalyScore(laplace(0, 1), tensor([0, -9]));
  expectClose(await score.data(), [Math.LN2, Math.LN2 + 9], 1e-6);
});

test("bad samples are refused in one sentence", () => {
  const [p, q] = [gaussian(0, 1), gaussian(1, 1)];
  expect(() => divergenceBySamples(kullbackLeibler, p, q, key(0), 0)).toThrow(
    "count must be a whole number of draws above 0, got 0",
  );
  expect(() => divergenceOnGrid(kullbackLeibler, p, q, { low: 1, high: 0 })).toThrow(
    "low must be below high",
  );
  expect(() => rbfKernel([])).toThrow("bandwidths must be numbers above 0");
  expect(() => inverseMultiquadraticKernel([0])).toThrow("scales must be numbers above 0");
  expect(() => polynomialKernel({ degree: 0.5 })).toThrow("degree must be an integer");
  const kernel = rbfKernel([1]);
  const one = tensor([[1, 2]]);
  expect(() => maximumMeanDiscrepancy(one, one, kernel)).toThrow("needs 2 or more points");
  expect(() => maximumMeanDiscrepancy(one, tensor([[1]]), kernel)).toThrow("[n, d] and [m, d]");
  expect(() =>
    slicedWasserstein(
      one,
      tensor([
        [1, 2],
        [0, 0],
      ]),
      key(0),
    ),
  ).toThrow("as many points, got [1,2] and [2,2]");
  expect(() => slicedWasserstein(one, one, key(0), { directions: 0 })).toThrow("directions");
  expect(() => slicedWasserstein(one, one, key(0), { order: 0.5 })).toThrow("order must be 1");
});
