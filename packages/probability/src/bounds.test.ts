import { beforeAll, expect, test } from "vitest";
import {
  add,
  fill,
  grad,
  key,
  log,
  mean,
  memory,
  mul,
  neg,
  normal,
  round,
  softmax,
  square,
  sub,
  sum,
  tensor,
  type Tensor,
  useBackend,
  zerosLike,
} from "@gen/tensor";
import { expectClose, fixture } from "@gen/testing";
import {
  bitsPerDimension,
  categoricalDistribution,
  effectiveSampleSize,
  elbo,
  maximumLikelihoodBernoulli,
  maximumLikelihoodCategorical,
  maximumLikelihoodGaussian,
  freeBits,
  gaussian,
  gumbelSoftmax,
  iwae,
  type LatentVariableModel,
  latentVariableModel,
  logGamma,
  logImportanceWeights,
  logMeanExp,
  natsToBits,
  normalizedWeights,
  stirling,
  straightThrough,
  tractable,
} from "./index.ts";

const number = async (x: Tensor): Promise<number> => (await x.data())[0]!;

/** z ~ N(0, 1), x | z ~ N(z, 1): log p(1.3) is known, and the posterior is N(x/2, ½). */
const truth = -1.6880121234846452;
const model = (posterior: LatentVariableModel["posterior"]): LatentVariableModel => ({
  prior: gaussian(0, 1),
  likelihood: (z) => gaussian(z, 1),
  posterior,
});
const exact = model((x) => gaussian(mul(0.5, x), Math.SQRT1_2));
const fromPrior = model((x) => gaussian(zerosLike(x), 1));
const copies = (count: number): Tensor => fill([count], 1.3);

beforeAll(async () => {
  await useBackend();
});

test("at the exact posterior every sample's bound is log p(x)", async () => {
  const weights = logImportanceWeights(exact, copies(5), key(0), 4);
  expect(weights.shape).toEqual([4, 5]);
  expectClose(await weights.data(), new Array(20).fill(truth), 1e-5);
  for (const bound of [elbo, iwae]) {
    expectClose(await bound(weights).data(), new Array(5).fill(truth), 1e-5);
  }
});

test("from the prior: the ELBO's gap is the KL, and IWAE closes it with k", async () => {
  const at = async (bound: (w: Tensor) => Tensor, k: number, count: number): Promise<number> =>
    number(mean(bound(logImportanceWeights(fromPrior, copies(count), key(k), k))));
  expect(Math.abs((await at(elbo, 10, 20000)) - -2.263938533204673)).toBeLessThan(0.012);
  // E[log p(x|z)] − KL has the same value, here in closed form: the posterior is the prior, so KL is 0.
  const gap = gaussian(0, 1).kl(gaussian(0.65, Math.SQRT1_2));
  expectClose(await gap.data(), [0.5759264097200276], 1e-6);
  expect(truth - 0.5759264097200276).toBeCloseTo(-2.263938533204673, 12);
  expect(Math.abs((await at(iwae, 5, 60000)) - -1.7497)).toBeLessThan(0.006);
  expect(Math.abs((await at(iwae, 50, 10000)) - -1.6942)).toBeLessThan(0.006);
});

test("a VAE is a bound with samples, and no density", async () => {
  const vae = latentVariableModel(exact);
  expect(tractable(vae)).toEqual(["bound", "samples"]);
  expectClose(await vae.logProbBound(copies(3), key(0)).data(), [truth, truth, truth], 1e-5);
  const x = vae.sample(key(1), [40000]);
  expect(x.shape).toEqual([40000]);
  // Its marginal is N(0, 2).
  expect(Math.abs(await number(mean(x)))).toBeLessThan(0.03);
  expect(Math.abs((await number(mean(square(x)))) - 2)).toBeLessThan(0.06);
  const tighter = latentVariableModel(fromPrior, { samples: 50, bound: iwae });
  const [loose, tight] = [latentVariableModel(fromPrior), tighter].map((each) =>
    mean(each.logProbBound(copies(4000), key(2))),
  );
  expect(await number(tight!)).toBeGreaterThan((await number(loose!)) + 0.5);
});

test("the bound's gradient in the encoder is that of its KL to the exact posterior", async () => {
  // d/dm of −KL(N(m, ½) ‖ N(0.65, ½)) = −2(m − 0.65).
  const gradient = grad((m: Tensor) =>
    mean(
      elbo(
        logImportanceWeights(
          model((x) => gaussian(add(zerosLike(x), m), Math.SQRT1_2)),
          copies(100),
          key(0),
          200,
        ),
      ),
    ),
  );
  expect(Math.abs((await number(gradient(tensor(0.2)))) - 0.9)).toBeLessThan(0.03);
});

test("importance weights are normalised in log space", async () => {
  const logWeights = tensor([
    [1000, -2000],
    [1000 + Math.log(3), -2000],
  ]);
  expectClose(await normalizedWeights(logWeights).data(), [0.25, 0.5, 0.75, 0.5], 1e-4);
  expectClose(await effectiveSampleSize(logWeights).data(), [16 / 10, 2], 1e-4);
  expectClose(await logMeanExp(logWeights, 0).data(), [1000 + Math.LN2, -2000], 1e-6);
  expect(await number(logMeanExp(tensor([-Infinity, -Infinity]), 0))).toBe(-Infinity);
});

test("free bits keep what says little from being pushed further", async () => {
  const kl = tensor([
    [0.1, 2],
    [0.3, 4],
  ]);
  expectClose(await freeBits(kl, 0.5).data(), [0.5 + 3], 1e-6);
  const gradient = grad((x: Tensor) => freeBits(x, 0.5))(kl);
  expectClose(await gradient.data(), [0, 0.5, 0, 0.5], 1e-6);
});

test("fits are the parameters of largest likelihood", async () => {
  const x = gaussian([1, -2], [0.5, 3]).sample(key(0), [400]);
  const { loc, scale } = maximumLikelihoodGaussian(x);
  const nll = (m: Tensor, s: Tensor): Tensor => neg(sum(gaussian(m, s).logProb(x)));
  const slopes = [grad((m: Tensor) => nll(m, scale))(loc), grad((s: Tensor) => nll(loc, s))(scale)];
  for (const slope of slopes) {
    for (const value of await slope.data()) expect(Math.abs(value)).toBeLessThan(0.02);
  }
  expect(Math.abs((await scale.data())[1]! - 3)).toBeLessThan(0.4);

  const bits = tensor([
    [0, 1],
    [1, 1],
    [1, 1],
    [0, 1],
    [1, 0],
  ]);
  expectClose(await maximumLikelihoodBernoulli(bits).data(), [Math.log(3 / 2), Math.log(4)], 1e-6);
  const smooth = maximumLikelihoodBernoulli(tensor([[1], [1]]), { pseudocount: 1 });
  expectClose(await smooth.data(), [Math.log(3)], 1e-6);
  const labels = tensor([0, 2, 2, 1, 2, 0], [6], "int32");
  expectClose(
    await categoricalDistribution(maximumLikelihoodCategorical(labels, 4)).probabilities().data(),
    [2 / 6, 1 / 6, 3 / 6, 0],
    1e-6,
  );
  const rule = maximumLikelihoodCategorical(labels, 4, { pseudocount: 1 });
  expectClose(
    await rule.data(),
    [3, 2, 4, 1].map((n) => Math.log(n / 10)),
    1e-6,
  );
});

test("Gumbel-softmax draws its classes with their probabilities, at any temperature", async () => {
  const n = 20000;
  const logits = mul(tensor([1, 0, -1]), fill([n, 1], 1));
  const p = await softmax(tensor([1, 0, -1])).data();
  const soft = gumbelSoftmax(key(0), logits, { temperature: 0.5 });
  expectClose(await sum(soft, -1).data(), new Array(n).fill(1), 1e-5);
  const hard = gumbelSoftmax(key(0), logits, { temperature: 0.5, hard: true });
  const values = await hard.data();
  expect(values.every((v) => v === 0 || v === 1)).toBe(true);
  const shares = await mean(hard, 0).data();
  for (let c = 0; c < 3; c++) expect(Math.abs(shares[c]! - p[c]!)).toBeLessThan(0.015);
  // Low temperatures come close to one-hot.
  const cold = await gumbelSoftmax(key(0), logits, { temperature: 0.01 }).data();
  const between = cold.filter((v) => v > 0.01 && v < 0.99).length / n;
  expect(between).toBeLessThan(0.06);
});

test("hard samples have the gradient of soft ones", async () => {
  const logits = tensor([[0.3, -0.2, 1]]);
  const weights = tensor([1, 2, 5]);
  const gradient = (hard: boolean): Promise<unknown> =>
    grad((l: Tensor) => sum(mul(weights, gumbelSoftmax(key(4), l, { hard }))))(logits).data();
  expect(await gradient(true)).toEqual(await gradient(false));
  expect(await number(sum(square(tensor((await gradient(true)) as Float32Array))))).toBeGreaterThan(
    1e-4,
  );
});

test("straight-through: the hard value bit for bit, the soft gradient", async () => {
  const x = tensor([0.1, 0.3, 123456.7]);
  const f = (v: Tensor): Tensor => straightThrough(round(mul(v, 0.1)), mul(v, 0.1));
  expect(await f(x).data()).toEqual(await round(mul(x, 0.1)).data());
  expectClose(await grad((v: Tensor) => sum(square(f(v))))(x).data(), [0, 0, 2469.2], 1e-5);
});

test("pathwise, and not by score function: the gradient has less variance", async () => {
  // d/dm E[(m + ε)²] at m = 1: 2(m + ε) against (m + ε)²·ε, variance 4 against 30 (E[(1+ε)⁴ε²] − 4).
  const n = 40000;
  const noise = normal(key(0), [n]);
  const x = add(1, noise);
  const [pathwise, score] = [mul(2, x), mul(square(x), noise)];
  const variance = async (v: Tensor): Promise<number> => number(mean(square(sub(v, mean(v)))));
  expect(Math.abs((await number(mean(pathwise))) - 2)).toBeLessThan(0.05);
  expect(Math.abs((await number(mean(score))) - 2)).toBeLessThan(0.15);
  expect(Math.abs((await variance(pathwise)) - 4)).toBeLessThan(0.2);
  expect(Math.abs((await variance(score)) - 30)).toBeLessThan(3);
});

test("log Γ in float64, and Stirling's series toward it", () => {
  const { logGamma: reference } = fixture<{ logGamma: { x: number[]; value: number[] } }>(
    import.meta.url,
    "../test/fixtures/distributions.json",
  );
  for (const [i, x] of reference.x.entries()) {
    const value = reference.value[i]!;
    expect(Math.abs(logGamma(x) - value)).toBeLessThan(2e-14 * Math.max(1, Math.abs(value)));
  }
  // ln 10! within 1/(12·11) by the classical formula, and better with each correction.
  const exactValue = Math.log(3628800);
  const errors = [0, 1, 2, 3].map((terms) => Math.abs(stirling(11, terms) - exactValue));
  expect(errors[0]).toBeCloseTo(1 / 132, 5);
  for (let i = 1; i < 4; i++) expect(errors[i]!).toBeLessThan(errors[i - 1]! / 100);
});

test("nats, bits and bits per dimension", () => {
  expect(natsToBits(Math.LN2)).toBe(1);
  // L_T of the golden table.
  expect(natsToBits(2.0179556035907894e-5)).toBeCloseTo(2.9112945420345267e-5, 19);
  expect(bitsPerDimension(-8 * Math.LN2 * 784, 784)).toBeCloseTo(8, 12);
});

test("all free all but their results", async () => {
  const logits = tensor([[0, 1, 2]]);
  const weights = logImportanceWeights(exact, copies(2), key(0), 3);
  const labels = tensor([0, 1, 1], [3], "int32");
  const x = copies(2);
  await log(x).data();
  const before = memory().numTensors;
  const made = [
    gumbelSoftmax(key(0), logits, { hard: true }),
    straightThrough(logits, logits),
    elbo(weights),
    iwae(weights),
    logMeanExp(weights, 0),
    normalizedWeights(weights),
    effectiveSampleSize(weights),
    freeBits(logits, 1),
    maximumLikelihoodBernoulli(logits),
    maximumLikelihoodCategorical(labels, 2),
    ...Object.values(maximumLikelihoodGaussian(logits)),
  ];
  expect(memory().numTensors).toBe(before + made.length);
  // The model's own functions make tensors outside of a tidy of theirs; those are freed as well.
  logImportanceWeights(fromPrior, x, key(0), 3).dispose();
  const vae = latentVariableModel(fromPrior);
  vae.logProbBound(x, key(0)).dispose();
  vae.sample(key(0), [2]).dispose();
  expect(memory().numTensors).toBe(before + made.length);
});

test("bad input is refused in one sentence", () => {
  expect(() => elbo(tensor(1))).toThrow("elbo: logWeights must be [samples, ...batch]");
  expect(() => iwae(tensor(1))).toThrow("iwae: logWeights must be [samples, ...batch]");
  expect(() => logImportanceWeights(exact, copies(1), key(0), 0)).toThrow("above 0, got 0");
  expect(() => freeBits(tensor([1]), 1)).toThrow("kl must be [batch, groups], got [1]");
  expect(() => freeBits(tensor([[1]]), -1)).toThrow("floor must be 0 or more nats, got -1");
  expect(() => gumbelSoftmax(key(0), tensor([1, 2]), { temperature: 0 })).toThrow("above 0, got 0");
  expect(() => straightThrough(tensor([1]), tensor([1, 2]))).toThrow("got [1] and [2]");
  expect(() => maximumLikelihoodGaussian(tensor([], [0, 2]))).toThrow(
    "x must be [n, ...] with n ≥ 1, got [0,2]",
  );
  expect(() => maximumLikelihoodCategorical(tensor([[1]]), 3)).toThrow(
    "labels must be [n], got [1,1]",
  );
  expect(() => maximumLikelihoodBernoulli(tensor([[1]]), { pseudocount: -1 })).toThrow(
    "0 or more, got -1",
  );
  expect(() => logGamma(0)).toThrow("logGamma: x must be above 0, got 0");
  expect(() => stirling(3, 9)).toThrow("terms must be an integer from 0 to 8, got 9");
  expect(() => bitsPerDimension(-1, 0)).toThrow("dimensions must be a whole number above 0, got 0");
  expect(() => bitsPerDimension(-1, 1, { binWidth: 0 })).toThrow("binWidth must be above 0, got 0");
});
