import { state } from "@gen/nn";
import {
  dispose,
  grad,
  key,
  memory,
  normal,
  slice,
  sum,
  type Tensor,
  tensor,
  useBackend,
} from "@gen/tensor";
import { expectClose } from "@gen/testing";
import { beforeAll, expect, test } from "vitest";
import { bernoulliOutput, gaussianOutput, Made, madeLoss } from "./index.ts";

beforeAll(async () => {
  await useBackend();
});

const order = [2, 0, 3, 1];
const config = { features: 4, hidden: [16, 16], order };

test("each output depends on all inputs before it in the order and on no other, by gradients", async () => {
  for (const output of [bernoulliOutput, gaussianOutput]) {
    const model = new Made(key(1), { ...config, output });
    const x = normal(key(2), [3, 4]);
    for (let i = 0; i < 4 * output.parameters; i++) {
      const by = grad((v: Tensor) => sum(slice(model.forward(v), [0, i], [-1, 1])))(x);
      const rows = (await by.array()) as number[][];
      const seen = [0, 1, 2, 3].map((j) => rows.some((row) => row[j] !== 0));
      const place = order.indexOf(i % 4);
      expect(seen, `${output.name} ${i}`).toEqual(
        [0, 1, 2, 3].map((j) => order.indexOf(j) < place),
      );
      by.dispose();
    }
    dispose([x, state(model)]);
  }
});

test("the probabilities of all 16 binary vectors sum to 1, and draws come as often as they say", async () => {
  const model = new Made(key(3), { ...config, output: bernoulliOutput });
  const all = tensor(Array.from({ length: 16 }, (_, i) => [0, 1, 2, 3].map((b) => (i >> b) & 1)));
  const before = memory().numTensors;
  const logP = model.logProb(all);
  const { loss } = madeLoss({ model, x: all });
  const many = 8000;
  const draws = model.sample(key(4), many);
  expect(memory().numTensors).toBe(before + 3);
  const p = [...(await logP.data())].map(Math.exp);
  expect(p.reduce((s, v) => s + v, 0)).toBeCloseTo(1, 5);
  expect((await loss.data())[0]).toBeCloseTo(-p.reduce((s, v) => s + Math.log(v), 0) / 16, 5);
  const counts = p.map(() => 0);
  for (const row of (await draws.array()) as number[][]) {
    counts[row.reduce((s, bit, i) => s + bit * 2 ** i, 0)]! += 1;
  }
  const chiSquared = counts.reduce((s, n, i) => s + (n - many * p[i]!) ** 2 / (many * p[i]!), 0);
  // 15 degrees of freedom: 37.7 is exceeded once in a thousand.
  expect(chiSquared).toBeLessThan(37.7);
  dispose([all, logP, loss, draws, state(model)]);
});

test("with no hidden layer the Gaussian is a linear regression on what is before: its density in closed form", async () => {
  const model = new Made(key(5), { features: 2, hidden: [], output: gaussianOutput });
  const { weight, bias } = model.layers[0]!.linear;
  // μ₂ = 0.5·x₁ + 1 and log σ₂ = 0; μ₁ = 2 and log σ₁ = log 3. What the mask hides is 9.
  weight.assign(
    tensor([
      [9, 0.5, 9, 0],
      [9, 9, 9, 9],
    ]),
  );
  bias!.assign(tensor([2, 1, Math.log(3), 0]));
  const x = tensor([[4, 2.5]]);
  const normalLog = (z: number, sigma: number): number =>
    -0.5 * z * z - Math.log(sigma) - 0.5 * Math.log(2 * Math.PI);
  const logP = model.logProb(x);
  expectClose(
    await logP.data(),
    [normalLog((4 - 2) / 3, 3) + normalLog(2.5 - 3, 1)],
    1e-5,
    "log p",
  );
  dispose([x, logP, state(model)]);
});

test("what does not fit is refused", () => {
  const output = bernoulliOutput;
  expect(() => new Made(key(0), { features: 3, hidden: [4], output, order: [0, 1, 1] })).toThrow(
    "order must name each of 0 to 2 once, got [0, 1, 1]",
  );
  expect(() => new Made(key(0), { features: 0, hidden: [4], output })).toThrow("got 0");
  const model = new Made(key(0), { features: 3, hidden: [4], output });
  const x = tensor([[1, 0]]);
  expect(() => model.forward(x)).toThrow("x must be [batch, 3], got [1, 2]");
  dispose([x, state(model)]);
});
