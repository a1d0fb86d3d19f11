import { beforeAll, describe, expect, test } from "vitest";
import {
  compile,
  exp,
  grad,
  grads,
  key,
  type Key,
  linspace,
  mean,
  memory,
  mul,
  neg,
  reshape,
  square,
  sub,
  sum,
  tensor,
  type Tensor,
  useBackend,
} from "@gen/tensor";
import { expectClose, fixture } from "@gen/testing";
import {
  bernoulliDistribution,
  categoricalDistribution,
  type ClosedKl,
  correlatedGaussian,
  crossEntropy,
  diagonalGaussian,
  discretizedLogistic,
  type Distribution,
  empirical,
  type Entropic,
  gaussian,
  gumbelDistribution,
  independent,
  kernelDensity,
  laplace,
  logistic,
  logProbabilities,
  mixture,
  type Moments,
  type Pathwise,
  stacked,
  tractable,
  uniformDistribution,
} from "./index.ts";

interface Packed {
  shape: number[];
  data: (number | string)[];
}
interface Case {
  p: Packed[];
  q?: Packed[];
  x: Packed;
  logProb: Packed;
  gradients?: Packed[];
  entropy?: Packed;
  kl?: Packed;
  reverseKl?: Packed;
  mean?: Packed;
  variance?: Packed;
  covariance?: number[][];
}
type Any = Distribution & Partial<Moments & Entropic & ClosedKl<unknown> & Pathwise>;

const reference = fixture<{ cases: Record<string, Case> }>(
  import.meta.url,
  "../test/fixtures/distributions.json",
).cases;
const unpack = ({ data, shape }: Packed): Tensor => tensor(data.map(Number), shape);

/** Every kind of distribution that PyTorch has, by how it is made from tensors. */
const makers: Record<string, (parameters: Tensor[], test: Case) => Any> = {
  gaussian: ([a, b]) => gaussian(a!, b!),
  diagonalGaussian: ([a, b]) => diagonalGaussian(a!, b!),
  laplace: ([a, b]) => laplace(a!, b!),
  logistic: ([a, b]) => logistic(a!, b!),
  gumbelDistribution: ([a, b]) => gumbelDistribution(a!, b!),
  uniformDistribution: ([a, b]) => uniformDistribution(a!, b!),
  bernoulli: ([l]) => bernoulliDistribution(l!),
  categorical: ([l]) => categoricalDistribution(l!),
  mixture: ([w, m, s]) => mixture(w!, gaussian(m!, s!)),
  vectorMixture: ([w, m, s]) => mixture(w!, diagonalGaussian(m!, s!)),
  correlatedGaussian: ([m], { covariance }) => correlatedGaussian(m!, covariance!),
};

/** Densities of single numbers that can be differentiated twice. */
const smooth: Any[] = [
  gaussian(0.5, 1.5),
  logistic(0.2, 0.5),
  gumbelDistribution(0.5, 0.8),
  mixture([0, 1], gaussian([-2, 1], [0.5, 1])),
  mixture(logProbabilities([0.3, 0.7]), stacked([gaussian(-1, 0.5), laplace(2, 0.5)])),
];
const densities: Any[] = [...smooth, laplace(-0.3, 0.7), uniformDistribution(-0.5, 2)];
/** All kinds of distributions. */
const members: Any[] = [
  ...densities,
  diagonalGaussian([0, 1, -1], [0.5, 1, 2]),
  correlatedGaussian(
    [1, 0, -1],
    [
      [2, 0.5, -0.25],
      [0.5, 1, 0.125],
      [-0.25, 0.125, 0.75],
    ],
  ),
  bernoulliDistribution([-1, 0, 2]),
  independent(bernoulliDistribution([-1, 0, 2]), 1),
  mixture(logProbabilities([0.2, 0.8]), discretizedLogistic([-0.5, 0.5], [-2, -4])),
  discretizedLogistic(0.1, -2),
  discretizedLogistic([-0.9, 0.7], [-1, 0], { levels: 16 }),
];

beforeAll(async () => {
  await useBackend();
});

test("a model says what is tractable of it", () => {
  expect(tractable(gaussian(0, 1))).toEqual(["density", "samples"]);
  expect(tractable(empirical(tensor([[1], [2]])))).toEqual(["samples"]);
  expect(tractable({ logProbBound: () => tensor(0) })).toEqual(["bound"]);
});

test.each(Object.keys(makers))("%s has PyTorch's values and gradients", async (name) => {
  const given = reference[name]!;
  const [a, b] = [given.p, given.q ?? given.p].map((list) => list.map(unpack));
  const make = makers[name]!;
  const [p, q] = [make(a!, given), make(b!, given)];
  const x = unpack(given.x);
  const close = async (value: Tensor | undefined, expected: Packed | undefined, what: string) => {
    expect(value === undefined, what).toBe(expected === undefined);
    if (!value || !expected) return;
    expect(value.shape, what).toEqual(expected.shape);
    const wanted = expected.data.map(Number);
    const got = Array.from(await value.data());
    // Infinite values must agree exactly, the others closely.
    expect(got.map(Number.isFinite)).toEqual(wanted.map(Number.isFinite));
    expectClose(got.filter(Number.isFinite), wanted.filter(Number.isFinite), 3e-6, what);
  };
  await close(p.logProb(x), given.logProb, "logProb");
  if (name !== "bernoulli" && name !== "categorical") {
    await close(p.mean?.(), given.mean, "mean");
    await close(p.variance?.(), given.variance, "variance");
  }
  await close(p.entropy?.(), given.entropy, "entropy");
  if (p.kl) await close(p.kl(q), given.kl, "kl");
  if (q.kl) await close(q.kl(p), given.reverseKl, "reverse kl");
  if (given.gradients) {
    const inputs = [...a!, x].slice(0, given.gradients.length);
    const of = grads((...parts: Tensor[]) => {
      const parameters = parts.slice(0, a!.length);
      return sum(make(parameters, given).logProb(parts[a!.length] ?? x));
    })(inputs);
    for (const [i, gradient] of of.entries()) {
      await close(gradient, given.gradients[i], `gradient ${i}`);
    }
  }
});

describe.each(members.map((each, i) => [`${each.name} (${i})`, each] as const))(
  "%s",
  (_name, d) => {
    const shape = [...d.batchShape, ...d.eventShape];

    test("draws have the shapes that it says, their moments, and its entropy", async () => {
      const n = 20000;
      const x = d.sample(key(3), [n]);
      expect(x.shape).toEqual([n, ...shape]);
      expect(d.sample(key(3)).shape).toEqual(shape);
      const logP = d.logProb(x);
      expect(logP.shape).toEqual([n, ...d.batchShape]);
      const average = mean(x, 0);
      const [m, v] = [d.mean!(), d.variance!()];
      expect([m.shape, v.shape]).toEqual([shape, shape]);
      const [variance, mHat, vHat] = await Promise.all(
        [v, average, mean(square(sub(x, average)), 0)].map((t) => t.data()),
      );
      const exactMean = await m.data();
      for (let i = 0; i < exactMean.length; i++) {
        const error = Math.sqrt(variance![i]! / n);
        expect(Math.abs(mHat![i]! - exactMean[i]!)).toBeLessThan(4 * error);
        // A variance of 20,000 draws is known to 1 % for Gaussians, to 2 % for the heaviest tails here.
        expect(Math.abs(vHat![i]! / variance![i]! - 1)).toBeLessThan(0.08);
      }
      if (d.entropy) {
        const [entropy, estimate] = [d.entropy(), neg(mean(logP, 0))];
        expect(entropy.shape).toEqual(d.batchShape);
        const [h, hHat] = [await entropy.data(), await estimate.data()];
        for (let i = 0; i < h.length; i++) expect(Math.abs(h[i]! - hHat[i]!)).toBeLessThan(0.03);
      }
    });

    test("draws are equal for equal keys, and others for others", async () => {
      const [a, b, c] = [key(1), key(1), key(2)].map((k) => d.sample(k, [20]).dataSync());
      expect(a).toEqual(b);
      expect(a).not.toEqual(c);
    });

    test("a compiled function gives the same, and draws anew from each key", async () => {
      const compiled = compile((x: Tensor, k: Key) => [d.logProb(x), d.sample(k, [3])]);
      const x = d.sample(key(0), [4]);
      for (const seed of [1, 2]) {
        const [logP, drawn] = compiled(x, key(seed)) as [Tensor, Tensor];
        expectClose(await logP.data(), await d.logProb(x).data(), 1e-6);
        expectClose(await drawn.data(), await d.sample(key(seed), [3]).data(), 1e-6);
      }
      expect(compiled.stats.compiles.length).toBeLessThanOrEqual(1);
      compiled.dispose();
    });

    if (smooth.includes(d)) {
      test("has right first and second derivatives of log p", async () => {
        const points = [-1.3, 0.1, 0.6, 2.7];
        const f = (x: Tensor): Tensor => sum(d.logProb(x));
        const score = grad(f);
        const curvature = await grad((x: Tensor) => sum(score(x)))(tensor(points)).data();
        const at = async (h: number): Promise<number[]> =>
          Array.from(await score(tensor(points.map((x) => x + h))).data());
        const [up, down] = [await at(1e-2), await at(-1e-2)];
        const slopes = points.map((_, i) => (up[i]! - down[i]!) / 2e-2);
        for (const [i, slope] of slopes.entries()) {
          expect(Math.abs(curvature[i]! - slope)).toBeLessThan(2e-3 + 2e-3 * Math.abs(slope));
        }
      });
    }

    test("frees all but its results", async () => {
      const x = d.sample(key(0), [4]);
      await x.data();
      const before = memory().numTensors;
      for (const make of [
        () => d.logProb(x),
        () => d.sample(key(1), [2]),
        d.mean!,
        d.variance!,
        ...(d.entropy ? [d.entropy] : []),
        ...(d.kl ? [() => d.kl!(d)] : []),
      ]) {
        const made = make();
        await made.data();
        made.dispose();
      }
      expect(memory().numTensors).toBe(before);
      x.dispose();
    });

    if (shape.length > 0) {
      test("refuses points that are no events of it", () => {
        expect(() => d.logProb(tensor([0, 0, 0, 0, 0]))).toThrow(/logProb: .*\[5\]/);
      });
    }
  },
);

test.each(densities.map((d, i) => [`${d.name} (${i})`, d] as const))(
  "%s has a density of integral 1",
  async (_name, d) => {
    const [low, high, n] = [-30, 30, 60001];
    const total = mul(sum(exp(d.logProb(linspace(low, high, n)))), (high - low) / (n - 1));
    expect((await total.data())[0]).toBeCloseTo(1, 3);
  },
);

test("the golden KL of vectors sums over dimensions", async () => {
  // N(0, ¼I₃) and N(Δ, 4I₃) with ‖Δ‖² = 3; the notes' formula for one dimension gives 1.2925.
  const kl = diagonalGaussian([0, 0, 0], 0.5).kl(diagonalGaussian([1, 1, 1], 2));
  expectClose(await kl.data(), [3.1276330833596715], 1e-6);
});

test("cross-entropy is the mean of −log q under p", async () => {
  const [p, q] = [gaussian(0.5, 0.8), gaussian(-0.2, 1.4)];
  const x = linspace(-15, 15, 30001);
  const expected = mul(sum(mul(exp(p.logProb(x)), neg(q.logProb(x)))), 0.001);
  expectClose(await crossEntropy(p, q).data(), await expected.data(), 1e-5);
});

test("events of several axes: a distribution of images", async () => {
  const logits = reshape(linspace(-2, 2, 24), [2, 2, 3, 2]);
  const images = independent(bernoulliDistribution(logits), 3);
  expect([images.batchShape, images.eventShape]).toEqual([[2], [2, 3, 2]]);
  const x = images.sample(key(0), [5]);
  const flat = diagonalLogProb(await x.data(), await logits.data(), 12);
  expect(x.shape).toEqual([5, 2, 2, 3, 2]);
  expectClose(await images.logProb(x).data(), flat, 1e-5);
});

function diagonalLogProb(x: ArrayLike<number>, logits: ArrayLike<number>, size: number): number[] {
  const sums = new Array<number>(x.length / size).fill(0);
  for (let i = 0; i < x.length; i++) {
    const l = logits[i % logits.length]!;
    sums[Math.floor(i / size)]! -= Math.log1p(Math.exp(x[i] ? -l : l));
  }
  return sums;
}

test("impossible classes count nothing, and are infinitely far", async () => {
  const some = categoricalDistribution(logProbabilities([0.5, 0.5, 0]));
  const all = categoricalDistribution(logProbabilities([0.25, 0.25, 0.5]));
  expect((await some.entropy().data())[0]).toBeCloseTo(Math.LN2, 6);
  expect((await some.kl(all).data())[0]).toBeCloseTo(Math.LN2, 6);
  expect((await all.kl(some).data())[0]).toBe(Infinity);
  expect((await some.logProb(tensor([2], [1], "int32")).data())[0]).toBe(-Infinity);
  // What is no class at all is as impossible.
  const none = await all.logProb(tensor([-1, 3, 0.5])).data();
  expect(Array.from(none)).toEqual([-Infinity, -Infinity, -Infinity]);
});

test("weights of a batch over components of none, and the other way around", async () => {
  const [weights, means] = [
    [0.2, 0.8],
    [-1, 2],
  ];
  const logits = tensor([weights.map(Math.log), [Math.log(0.5), Math.log(0.5)]]);
  const wide = mixture(logits, gaussian(means, 0.5));
  expect(wide.batchShape).toEqual([2]);
  expectClose(await wide.mean().data(), [-0.2 + 1.6, 0.5], 1e-6);
  expectClose(await wide.variance().data(), [0.25 + 9 * 0.16, 0.25 + 9 * 0.25], 1e-6);
  expect(wide.sample(key(0), [5]).shape).toEqual([5, 2]);
  const x = tensor([0.3, -0.7]);
  const density = (w: number, v: number): number =>
    (w * Math.exp(-2 * (v + 1) ** 2) + (1 - w) * Math.exp(-2 * (v - 2) ** 2)) /
    Math.sqrt(Math.PI / 2);
  const exact = [Math.log(density(0.2, 0.3)), Math.log(density(0.5, -0.7))];
  expectClose(await wide.logProb(x).data(), exact, 1e-6);
  const shared = mixture(logProbabilities(weights), gaussian(tensor([means, [0, 1]]), 0.5));
  expectClose(await shared.mean().data(), [1.4, 0.8], 1e-6);
  expect(shared.sample(key(0), [5]).shape).toEqual([5, 2]);
});

test("a mixture of intervals is −∞ outside all of them", async () => {
  const d = mixture([0, 0], stacked([uniformDistribution(0, 1), uniformDistribution(2, 4)]));
  expectClose(await d.logProb(tensor([0.5, 3])).data(), [Math.log(0.5), Math.log(0.25)], 1e-6);
  expect((await d.logProb(tensor(1.5)).data())[0]).toBe(-Infinity);
});

test("the empirical distribution draws its points, and its kernel density is their mixture", async () => {
  const points = tensor([
    [0, 0],
    [1, 2],
    [4, -1],
  ]);
  const d = empirical(points);
  const drawn = Array.from(await d.sample(key(0), [3000]).data());
  const share = drawn.filter((v, i) => i % 2 === 1 && v === 2).length / 3000;
  expect(Math.abs(share - 1 / 3)).toBeLessThan(0.03);
  expectClose(await d.mean().data(), [5 / 3, 1 / 3], 1e-6);

  const kde = kernelDensity(points, 0.5);
  const x = [0.5, 1];
  const kernel = (a: number, b: number): number =>
    Math.exp(-((x[0]! - a) ** 2 + (x[1]! - b) ** 2) / 0.5) / (2 * Math.PI * 0.25);
  const exact = Math.log((kernel(0, 0) + kernel(1, 2) + kernel(4, -1)) / 3);
  expectClose(await kde.logProb(tensor(x)).data(), [exact], 1e-6);
  const [average, spread] = [await kde.mean().data(), await kde.variance().data()];
  const many = kde.sample(key(1), [20000]);
  expectClose(await mean(many, 0).data(), average, 0.03);
  expectClose(await mean(square(sub(many, kde.mean())), 0).data(), spread, 0.03);
});

test("pathwise draws carry the gradient of their parameters", async () => {
  // d/dμ E[x²] = 2μ and d/dσ E[x²] = 2σ, for any draw exactly Σ2x/n and Σ2x·ε/n.
  const [loc, scale] = [tensor(0.7), tensor(1.3)];
  const [dLoc, dScale] = grads((m: Tensor, s: Tensor) =>
    mean(square(gaussian(m, s).sample(key(5), [20000]))),
  )([loc, scale]);
  expect(Math.abs((await dLoc!.data())[0]! - 1.4)).toBeLessThan(0.04);
  expect(Math.abs((await dScale!.data())[0]! - 2.6)).toBeLessThan(0.06);
});

test("bad parameters are refused in one sentence", () => {
  expect(() => gaussian(0, 0)).toThrow("gaussian: scale must be finite and above 0, got 0");
  expect(() => laplace(Number.NaN, 1)).toThrow("laplace: loc must be finite, got NaN");
  expect(() => gaussian([0, 1], [1, 2, 3])).toThrow(
    "gaussian: shapes must broadcast to one, got loc [2] and scale [3]",
  );
  expect(() => uniformDistribution(1, 1)).toThrow("low must be below high, got [1, 1)");
  expect(() => logProbabilities([0.5, 0.6])).toThrow("must sum to 1, got a sum of 1.1");
  expect(() => logProbabilities([1.5, -0.5])).toThrow("must be within [0, 1], got 1.5 at 0");
  expect(() => categoricalDistribution(0)).toThrow("must be [..., classes]");
  expect(() => mixture([0, 0], gaussian([0, 1, 2], 1))).toThrow("last batch axis K");
  expect(() => stacked([gaussian(0, 1), gaussian([0], 1)])).toThrow("equal batch and event shapes");
  expect(() => stacked([])).toThrow("at least one");
  expect(() => independent(gaussian(0, 1), 1)).toThrow("eventRank must be one of 0 to 0");
  expect(() => categoricalDistribution([0, 0]).kl(categoricalDistribution([0, 0, 0]))).toThrow(
    "same 2 classes, got 3",
  );
  expect(() => kernelDensity(tensor([1, 2]), 1)).toThrow("points must be [n, d]");
  expect(() => kernelDensity(tensor([[1, 2]]), 0)).toThrow("bandwidth must be finite and above 0");
  const singular = [
    [1, 2],
    [2, 1],
  ];
  expect(() => correlatedGaussian([0, 0], singular)).toThrow("must be positive definite");
  expect(() =>
    correlatedGaussian(
      [0, 0],
      [
        [1, 2],
        [0, 1],
      ],
    ),
  ).toThrow("must be symmetric");
  expect(() => correlatedGaussian([0], singular)).toThrow("loc must be [d]");
});
