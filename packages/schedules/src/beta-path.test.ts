import { expect, test } from "vitest";
import { fixture, worst } from "../test/fixture.ts";
import {
  betaPath,
  betasOfPath,
  constantBetas,
  cosine,
  jsdBetas,
  linearBetas,
  rectifiedFlow,
  scaledLinearBetas,
  sigmoidBetas,
  sigmoidPath,
  sqrtBetas,
  variancePreserving,
  warmupBetas,
  zeroTerminalSnr,
} from "./index.ts";

const linear = betaPath(linearBetas());

test("tables have the golden values", () => {
  const relative = (got: number | undefined, wanted: number): void =>
    expect(Math.abs((got as number) / wanted - 1)).toBeLessThan(1e-11);
  relative(linear.alphasBar[0], 0.9999);
  relative(linear.alphasBar[499], 0.07858724288177824);
  relative(linear.alphasBar[999], 4.035829765375676e-5);
  relative(linear.sigmas[999], 157.40728081040757);
  const scaled = betaPath(scaledLinearBetas());
  relative(scaled.alphasBar[499], 0.27766965045646763);
  relative(scaled.alphasBar[999], 0.004660098513077238);
  expect(scaled.sigmas[0]).toBeCloseTo(0.029167158, 9);
  expect(scaled.sigmas[999]).toBeCloseTo(14.614641229, 9);
  const cos = betaPath(betasOfPath(cosine()));
  relative(cos.betas[0], 4.128422482196914e-5);
  relative(cos.alphasBar[499], 0.4938435904406382);
  relative(cos.alphasBar[999], 2.4287669070348567e-9);
  const sigmoid = betaPath(sigmoidBetas());
  relative(sigmoid.betas[0], 1.4920520081703202e-4);
  relative(sigmoid.alphasBar[499], 0.30193105660219516);
});

test.each<[string, number[]]>([
  ["linear", linearBetas()],
  ["scaledLinear", scaledLinearBetas()],
  ["sqrt", sqrtBetas()],
  ["sigmoid", sigmoidBetas()],
  ["constant", constantBetas()],
  ["warmup10", warmupBetas()],
  ["warmup50", warmupBetas({ warmup: 0.5 })],
  ["cosine", betasOfPath(cosine())],
  ["jabri", betasOfPath(sigmoidPath())],
  ["jabri tau .7", betasOfPath(sigmoidPath({ start: 0, end: 3, tau: 0.7 }))],
  ["linear, zero SNR", zeroTerminalSnr(linearBetas())],
  ["scaledLinear, zero SNR", zeroTerminalSnr(scaledLinearBetas())],
])("the table %s has NumPy's numbers", (name, betas) => {
  const wanted = fixture.tables[name] as { betas: number[]; alphasBar: number[] };
  const path = betaPath(betas);
  expect(
    worst(
      fixture.places.map((i) => path.betas[i] as number),
      wanted.betas,
    ),
  ).toBeLessThan(1e-10);
  expect(
    worst(
      fixture.places.map((i) => path.alphasBar[i] as number),
      wanted.alphasBar,
    ),
  ).toBeLessThan(1e-10);
});

test("zero terminal SNR ends in noise alone and leaves the first step", () => {
  const path = betaPath(zeroTerminalSnr(linearBetas()));
  expect([path.a(1000), path.b(1000)]).toEqual([0, 1]);
  expect(path.betas[0]).toBe(1e-4);
  expect(() => zeroTerminalSnr([0.1, 1])).toThrow("betas must be in (0, 1), got 1 at place 1");
});

test("a table is exact at its times, and linear in the log-SNR between them", () => {
  for (const i of [1, 2, 500, 999, 1000]) {
    const bar = linear.alphasBar[i - 1] as number;
    expect(linear.a(i) ** 2).toBeCloseTo(bar, 15);
    expect(linear.logSnr(i)).toBeCloseTo(Math.log(bar / (1 - bar)), 10);
    expect(linear.inverseLogSnr(linear.logSnr(i))).toBeCloseTo(i, 10);
  }
  expect(linear.logSnr(500.25)).toBeCloseTo(
    0.75 * linear.logSnr(500) + 0.25 * linear.logSnr(501),
    12,
  );
  expect(linear.b(0.5)).toBeCloseTo(linear.b(1) / 2, 15);
});

test("many steps of a linear table come near the continuous path", () => {
  const fine = betaPath(linearBetas({ steps: 20_000, start: 0.1 / 20_000, end: 20 / 20_000 }));
  const vp = variancePreserving();
  for (const t of [0.1, 0.5, 0.9]) expect(fine.a(t * 20_000)).toBeCloseTo(vp.a(t), 3);
});

test("a table that ends in noise alone is safe at its end", () => {
  const path = betaPath(jsdBetas({ steps: 10 }));
  expect([path.a(10), path.b(10), path.logSnr(10)]).toEqual([0, 1, -Infinity]);
  expect(path.inverseLogSnr(-Infinity)).toBe(10);
  for (const t of [9.2, 9.9]) {
    expect(path.inverseLogSnr(path.logSnr(t))).toBeCloseTo(t, 12);
    const h = 1e-6;
    expect(path.aPrime(t)).toBeCloseTo((path.a(t + h) - path.a(t - h)) / (2 * h), 7);
    expect(path.bPrime(t)).toBeCloseTo((path.b(t + h) - path.b(t - h)) / (2 * h), 7);
  }
  expect(Number.isFinite(path.aPrime(10)) && Number.isFinite(path.bPrime(10))).toBe(true);
});

test("impossible tables and times are refused in one sentence", () => {
  expect(() => betaPath([0.1])).toThrow("betaPath: betas must hold at least 2 numbers, got 1");
  expect(() => betaPath([0.1, 0, 0.2])).toThrow("got 0 at place 1");
  expect(() => betaPath([1, 0.1])).toThrow("only the last may be 1, got 1 at place 0");
  expect(() => linear.a(1000.5)).toThrow("t must be a time of the path, in [0, 1000], got 1000.5");
  expect(() => linear.logSnr(-1)).toThrow("got -1");
  expect(() => linear.inverseLogSnr(-20)).toThrow("the log-SNR of this path ends at -10.11");
  expect(() => linearBetas({ steps: 1 })).toThrow(
    "linearBetas: steps must be an integer of at least 2, got 1",
  );
  expect(() => linearBetas({ start: 0.1 })).toThrow("end must not be below start = 0.1, got 0.02");
  expect(() => betasOfPath(rectifiedFlow)).toThrow(
    "betasOfPath: the path rectifiedFlow must preserve variance, a² + b² = 1",
  );
  expect(() => betasOfPath(variancePreserving(), { max: 0 })).toThrow(
    "max must be in (0, 1], got 0",
  );
});
