import { eightGaussiansMixture } from "@gen/data";
import { key } from "@gen/random";
import {
  edm,
  karrasGrid,
  rectifiedFlow,
  trigonometric,
  uniformGrid,
  variancePreserving,
} from "@gen/schedules";
import { expectClose } from "@gen/testing";
import { describe, expect, it, test } from "vitest";
import {
  exactOracle,
  finiteDataSet,
  gaussianDensity,
  jensenShannonOf,
  lineMeasure,
  mixtureDensity,
  optimalDiscriminator,
  tweedieDenoiser,
} from "./index.ts";

const mixture = mixtureDensity(
  [
    gaussianDensity(
      [1, -1],
      [
        [0.5, 0.2],
        [0.2, 0.3],
      ],
    ),
    gaussianDensity([-2, 0.5], 0.1),
  ],
  [0.3, 0.7],
);
const sources = [
  ["a Gaussian", gaussianDensity([0.5, -0.2], 0.3), [0.5, -0.2]],
  ["a mixture", mixture, [-1.1, 0.05]],
  ["a finite data set", finiteDataSet([0, 0, 1, 2, -4, 1], 2), [-1, 1]],
] as const;

describe.each(sources)("the optimal model of %s", (_, source, mean) => {
  const oracle = exactOracle(source, rectifiedFlow);

  it("has the velocity x - E[data] at pure noise", () => {
    const points = [0.4, -1.2, 2, 0];
    const expected = points.map((x, i) => x - mean[i % 2]!);
    expectClose(oracle.predict(points, 1, "velocity"), expected, 1e-12);
  });

  it("has the velocity E[z] - x at a point of the data", () => {
    const points = source.dimensions === 2 ? [1, 2] : [];
    expectClose(oracle.predict(points, 0, "velocity"), [-1, -2], 1e-12);
  });

  test.each([0.01, 0.3, 0.9])("its predictions at t = %f are one: x_t = a·data + b·noise", (t) => {
    const points = source.sample(key(1), 5).map((x) => x + 0.1);
    const { a, b } = rectifiedFlow;
    const [x, z, v] = (["data", "noise", "velocity"] as const).map((wanted) =>
      oracle.predict(points, t, wanted),
    );
    expectClose(
      oracle.combine([
        [a(t), x!],
        [b(t), z!],
      ]),
      points,
      1e-12,
    );
    expectClose(
      oracle.combine([
        [-1, x!],
        [1, z!],
      ]),
      v!,
      1e-12,
    );
  });
});

describe("the golden flow of N(0.5, 0.09) from z = 1.2", () => {
  const oracle = exactOracle(gaussianDensity([0.5], 0.09), rectifiedFlow);
  test.each([
    [1, 0.5],
    [5, 0.739857164722891],
    [10, 0.7962385917719148],
    [50, 0.8463848107512723],
  ])("by Euler in %i steps", (steps, expected) => {
    let x: Float64Array = Float64Array.of(1.2);
    const times = uniformGrid(steps);
    for (let i = 0; i < steps; i++) {
      const v = oracle.predict(x, times[i]!, "velocity");
      x = oracle.combine([
        [1, x],
        [times[i + 1]! - times[i]!, v],
      ]);
    }
    expectClose(x, [expected], 1e-12);
  });
});

it("the golden flow of N(0.3, 0.25) from x = 80 at σ = 80, by Euler and Heun on the Karras grid", () => {
  const oracle = exactOracle(gaussianDensity([0.3], 0.25), edm());
  const sigmas = karrasGrid(18);
  const velocity = (x: Float64Array, t: number) => oracle.predict(x, t, "velocity");
  let [euler, heun]: Float64Array[] = [Float64Array.of(80), Float64Array.of(80)];
  for (let i = 0; i < 18; i++) {
    const [t, next] = [sigmas[i]!, sigmas[i + 1]!];
    const h = next - t;
    euler = oracle.combine([
      [1, euler!],
      [h, velocity(euler!, t)],
    ]);
    const slope = velocity(heun!, t);
    const guess = oracle.combine([
      [1, heun!],
      [h, slope],
    ]);
    if (next === 0) heun = guess;
    else
      heun = oracle.combine([
        [1, heun!],
        [h / 2, slope],
        [h / 2, velocity(guess, next)],
      ]);
  }
  expectClose(euler!, [0.7214450685214475], 1e-10);
  expectClose(heun!, [0.8256460446122931], 1e-10);
});

it("says so where a prediction is not finite, instead of giving NaN", () => {
  const oracle = exactOracle(mixture, variancePreserving());
  expect(() => oracle.predict([0, 0], 0, "velocity")).toThrow(
    "exactOracle: at t = 0 of the path variancePreserving the velocity is not finite",
  );
  expectClose(oracle.predict([0.3, -1], 0, "data"), [0.3, -1], 1e-12);
});

it("among all denoisers the oracle has the least error on pairs of data and noise", () => {
  const t = 0.4;
  const [a, b] = [trigonometric.a(t), trigonometric.b(t)];
  const count = 20_000;
  const x = mixture.sample(key(2), count);
  const z = gaussianDensity([0, 0], 1).sample(key(3), count);
  const noisy = x.map((value, i) => a * value + b * z[i]!);
  const best = exactOracle(mixture, trigonometric).predict(noisy, t, "data");
  // The error of the mean is orthogonal to every function of x_t.
  const product = (f: (i: number) => number): [number, number] => {
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < x.length; i++) {
      const value = (x[i]! - best[i]!) * f(i);
      sum += value;
      squares += value * value;
    }
    return [Math.abs(sum / x.length), Math.sqrt(squares) / x.length];
  };
  for (const f of [
    (): number => 1,
    (i: number) => noisy[i]!,
    (i: number) => noisy[i]! ** 2,
    (i: number) => best[i]!,
  ]) {
    const [average, error] = product(f);
    expect(average).toBeLessThan(5 * error);
  }
});

describe("Tweedie's formula", () => {
  it("finds the posterior means of a mixture from its score", () => {
    const points = mixture.sample(key(5), 8);
    const other = tweedieDenoiser(mixture);
    for (const [a, b] of [
      [0.6, 0.8],
      [1, 3],
      [0.1, 0.9],
    ] as const) {
      const exact = mixture.denoise(points, a, b);
      expectClose(other.denoise(points, a, b).data, exact.data, 1e-10);
      expectClose(other.denoise(points, a, b).noise, exact.noise, 1e-10);
    }
    expect(() => other.denoise(points, 0, 1)).toThrow("tweedieDenoiser: at a = 0");
  });

  it("makes a mixture of @gen/data an oracle", () => {
    const own = mixtureDensity(
      Array.from({ length: 8 }, (_, k) => {
        const angle = (k * Math.PI) / 4;
        const radius = 2 * Math.SQRT2;
        return gaussianDensity([radius * Math.cos(angle), radius * Math.sin(angle)], 0.125);
      }),
    );
    const points = [0.3, -0.5, 2, 2];
    const path = variancePreserving();
    expectClose(
      exactOracle(tweedieDenoiser(eightGaussiansMixture), path).predict(points, 0.3, "velocity"),
      exactOracle(own, path).predict(points, 0.3, "velocity"),
      1e-10,
    );
  });
});

it("the optimal discriminator of N(0, 1) against N(1, 1) is sigmoid(½ - x), its value the golden one", () => {
  const p = gaussianDensity([0], 1);
  const q = gaussianDensity([1], 1);
  const points = [-3, 0, 0.5, 2];
  expectClose(
    optimalDiscriminator(p, q, points),
    points.map((x) => 1 / (1 + Math.exp(x - 0.5))),
    1e-14,
  );
  expectClose(optimalDiscriminator(p, q, [0]), [0.6224593312018546], 1e-14);
  // V(D*) = 2·JSD - 2·ln 2, and by quadrature of ln D* and ln(1 - D*).
  const [onP, onQ] = [p, q].map((one) => lineMeasure(one, [-12, 13]));
  expectClose([2 * jensenShannonOf(onP!, onQ!) - 2 * Math.LN2], [-1.163451396750418], 1e-11);
  const nodes = Float64Array.from({ length: 4001 }, (_, i) => -12 + (25 * i) / 4000);
  const d = optimalDiscriminator(p, q, nodes);
  let value = 0;
  for (let i = 0; i < nodes.length; i++) {
    value += onP!.weights[i]! * Math.exp(onP!.logDensity[i]!) * Math.log(d[i]!);
    value += onQ!.weights[i]! * Math.exp(onQ!.logDensity[i]!) * Math.log1p(-d[i]!);
  }
  expectClose([value], [-1.163451396750418], 1e-9);
  // Far out, where both densities underflow.
  expectClose(optimalDiscriminator(p, q, [100, -100]), [Math.exp(-99.5), 1], 1e-12);
});
