import { parameters, state } from "@gen/nn";
import {
  add,
  foldIn,
  grad,
  key,
  memory,
  mul,
  normal,
  slice,
  square,
  stack,
  sum,
  type Tensor,
  tidy,
  unstack,
  useBackend,
} from "@gen/tensor";
import { tractable } from "@gen/probability";
import { adam, type Trainee, trainStep } from "@gen/train";
import { expectClose } from "@gen/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { trained } from "@gen/training-tests";
import {
  AffineCoupling,
  flowLoss,
  MaskedAutoregressive,
  maskedAutoregressiveFlow,
  type NormalizingFlow,
  realNVP,
} from "./index.ts";
import { stirred } from "../test/stirred.ts";

beforeAll(async () => {
  await useBackend();
});

/** log |det J| of one row of numbers by Gaussian elimination. */
function logDeterminant(matrix: number[][]): number {
  const rows = matrix.map((row) => [...row]);
  let total = 0;
  for (let i = 0; i < rows.length; i++) {
    const pivot = rows.slice(i).reduce((best, row, k) => {
      return Math.abs(row[i]!) > Math.abs(rows[best]![i]!) ? i + k : best;
    }, i);
    [rows[i], rows[pivot]] = [rows[pivot]!, rows[i]!];
    total += Math.log(Math.abs(rows[i]![i]!));
    for (let k = i + 1; k < rows.length; k++) {
      const factor = rows[k]![i]! / rows[i]![i]!;
      rows[k] = rows[k]!.map((v, j) => v - factor * rows[i]![j]!);
    }
  }
  return total;
}

const makes = [
  ["realNVP", realNVP],
  ["maskedAutoregressiveFlow", maskedAutoregressiveFlow],
] as const;

describe.each(makes)("%s", (_name, make) => {
  const features = 5;
  const flow = (): NormalizingFlow =>
    stirred(make(key(1), { features, layers: 3, hidden: [16, 16] }));
  const jacobian = (f: (x: Tensor) => Tensor, x: Tensor): number[][] =>
    Array.from({ length: features }, (_, i) => [
      ...tidy(() => grad((y) => sum(slice(f(y), [0, i], [-1, 1])))(x)).dataSync(),
    ]);

  test.each(["forward", "inverse"] as const)(
    "has automatic differentiation's log-determinant, %s",
    async (direction) => {
      const model = flow();
      for (let i = 0; i < 3; i++) {
        const x = normal(key(i), [1, features]);
        const { logDeterminant: given } = model[direction](x);
        const expected = logDeterminant(jacobian((y) => model[direction](y).value, x));
        expect((await given.data())[0]).toBeCloseTo(expected, 3);
        expect(Math.abs(expected)).toBeGreaterThan(0.01);
      }
    },
  );

  test("is undone by its inverse, with the opposite log-determinant, and leaks nothing", async () => {
    const model = flow();
    const x = normal(key(2), [7, features]);
    const before = memory().numTensors;
    const forth = model.forward(x);
    const back = model.inverse(forth.value);
    expect(memory().numTensors).toBe(before + 4);
    expectClose(await back.value.data(), await x.data(), 1e-4);
    const opposite = Array.from(await back.logDeterminant.data(), (v) => -v);
    expectClose(await forth.logDeterminant.data(), opposite, 1e-4);
    const log = model.logProb(x);
    expect(memory().numTensors).toBe(before + 5);
    // log N(z) + log det, in plain numbers.
    const z = Array.from(await forth.value.data());
    const expected = Array.from(await forth.logDeterminant.data(), (v, n) =>
      z
        .slice(n * features, (n + 1) * features)
        .reduce((total, u) => total - 0.5 * (u * u + Math.log(2 * Math.PI)), v),
    );
    expectClose(await log.data(), expected, 1e-4);
    const drawn = model.sample(key(3), [4]);
    expect(memory().numTensors).toBe(before + 6);
    expect(drawn.shape).toEqual([4, features]);
    // Draws are the inverse of normal noise: forth again, they are that noise.
    const noise = model.forward(drawn).value;
    expectClose(await noise.data(), await normal(key(3), [4, features]).data(), 1e-3);
    expect(tractable(model)).toEqual(["density", "samples"]);
  });

  test("starts with standardised data", async () => {
    const model = make(key(1), { features: 2, layers: 2, hidden: [4] });
    const x = add(mul(normal(key(2), [500, 2]), [3, 0.1]), [10, -2]);
    model.start(x);
    const z = model.forward(x).value.arraySync() as number[][];
    for (const j of [0, 1]) {
      const column = z.map((row) => row[j]!);
      expect(column.reduce((a, b) => a + b) / 500).toBeCloseTo(0, 3);
      expect(column.reduce((a, b) => a + b * b, 0) / 500).toBeCloseTo(1, 2);
    }
  });

  test("refuses what has other features", () => {
    expect(() => flow().logProb(normal(key(1), [3, 4]))).toThrow(
      "NormalizingFlow.forward: x must be [batch, 5], got [3, 4]",
    );
    expect(() => make(key(1), { features: 2, layers: 0 })).toThrow(
      "layers must be a whole number above 0, got 0",
    );
  });
});

test("a masked autoregressive layer's number i depends on all before it, and on none after", () => {
  for (const order of ["given", "reversed"] as const) {
    const layer = new MaskedAutoregressive(key(1), { features: 5, hidden: [16, 16], order });
    const variables = Object.values(state(layer));
    variables.forEach((v, i) => v.assign(normal(key(i), v.shape)));
    const x = normal(key(2), [1, 5]);
    for (let i = 0; i < 5; i++) {
      const row = tidy(() => grad((y) => sum(slice(layer.forward(y).value, [0, i], [-1, 1])))(x));
      const seen = Array.from(row.dataSync(), (v) => v !== 0);
      const expected = [0, 1, 2, 3, 4].map((j) => (order === "given" ? j <= i : j >= i));
      expect(seen, `${order} ${i}`).toEqual(expected);
    }
  }
});

test("a coupling needs two numbers", () => {
  expect(() => new AffineCoupling(key(1), { features: 1, hidden: [4], keeps: "first" })).toThrow(
    "AffineCoupling: features must be a whole number of 2 or more, got 1",
  );
});

/** Along a parabola: no Gaussian, but a coupling's. */
const points = (step: number): { images: Tensor } => ({
  images: tidy(() => {
    const [a, b] = unstack(normal(foldIn(key(5), step), [2, 64])) as [Tensor, Tensor];
    return stack([a, add(square(a), mul(b, 0.2))], 1);
  }),
});

test.each(makes)(
  "%s gains likelihood in training, resumes to the bit, keeps memory flat",
  async (_n, make) => {
    const made = (): { model: NormalizingFlow; trainee: Trainee } => {
      const model = make(key(1), { features: 2, layers: 4, hidden: [16] });
      const start = points(10_000);
      model.start(start.images);
      start.images.dispose();
      const trainee = trainStep({
        parameters: parameters(model),
        loss: ({ images }) => flowLoss({ model, images: images! }) as { loss: Tensor },
        optimizer: adam({ learningRate: 0.01 }),
      });
      return { model, trainee };
    };
    const { metrics } = await trained(made, { data: points, steps: 150, stop: 60 });
    expect(metrics.at(-1)!["loss"]).toBeLessThan(metrics[0]!["loss"]! - 0.5);
  },
);
