import { expectClose, fixture } from "@gen/testing";
import {
  engine,
  getBackend,
  getGradient,
  getKernel,
  type KernelConfig,
  profile,
  registerGradient,
  registerKernel,
  unregisterKernel,
} from "@tensorflow/tfjs-core";
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  type TestContext,
  test,
} from "vitest";
import { gradientConfigs } from "../src/gradients/register.ts";
import {
  type Tensor,
  abs,
  add,
  argMax,
  cast,
  ceil,
  clipByValue,
  divNoNan,
  elu,
  exp,
  floor,
  floorDiv,
  gather,
  grad,
  grads,
  greater,
  less,
  logSoftmax,
  logicalAnd,
  matMul,
  max,
  maximum,
  memory,
  mul,
  oneHot,
  pow,
  registerGradients,
  relu,
  round,
  selu,
  sigmoid,
  sign,
  stopGradient,
  sum,
  tanh,
  tensor,
  tensor1d,
  tidy,
  useBackend,
  zerosLike,
} from "../src/index.ts";
import { gradientTable } from "./gradient-table.ts";
import { type Case, derivatives, numbers, type Op, ops, wave } from "./gradient-cases.ts";

beforeAll(async () => {
  await useBackend();
});
// Everything made in a test goes with it, also when it fails.
beforeEach(() => engine().startScope());
afterEach(() => engine().endScope());

/** The operation itself; a test is skipped, saying why, where the backend has no kernel for it. */
function forward(op: Op, xs: Tensor[], skip: TestContext["skip"]): Tensor {
  try {
    return op(...xs);
  } catch (error) {
    const { message } = error as Error;
    if (/^Kernel '\w+' not registered/.test(message)) skip(message);
    throw error;
  }
}

const cases = fixture<Case[]>(import.meta.url, "fixtures/gradients.json");

describe("first and second derivatives equal PyTorch's in float64", () => {
  test("every reference has an operation, and every operation a reference", () => {
    expect(Object.keys(ops).sort()).toEqual(cases.map(({ name }) => name).sort());
  });

  test.for(cases)("$name", compare);

  // As on TensorFlow.js's wasm, which has no kernel for these.
  describe("on a backend without kernels for gradients", () => {
    const missing = [
      "Conv2DBackpropFilter",
      "DepthwiseConv2dNativeBackpropFilter",
      "DepthwiseConv2dNativeBackpropInput",
      "UnsortedSegmentSum",
    ];
    let removed: KernelConfig[] = [];
    beforeAll(() => {
      removed = missing.flatMap((name) => getKernel(name, getBackend()) ?? []);
      for (const { kernelName, backendName } of removed) unregisterKernel(kernelName, backendName);
    });
    afterAll(() => removed.forEach(registerKernel));

    const affected = cases.filter(({ name }) => /^(conv2d|depthwise|gather )/.test(name));
    test.for(affected)("$name", compare);
  });

  async function compare(expected: Case, { skip }: TestContext): Promise<void> {
    const { name, inputs, shape, value, first, second, secondDy } = expected;
    const op = ops[name] as Op;
    const xs = inputs.map(numbers);
    const y = tidy(() => forward(op, xs, skip));
    expect(y.shape).toEqual(shape);

    const count = memory().numTensors;
    const ours = derivatives(op, xs, shape);
    expect(memory().numTensors - count, "tensors left by gradients").toBe(2 * xs.length + 1);

    // Read at the end: an engine that records computes everything at once.
    expectClose(await y.data(), value, 1e-5, "value");
    for (const [i, g] of ours.first.entries()) {
      expectClose(await g.data(), first[i] as number[], 2e-5, `first ${i}`);
    }
    for (const [i, h] of second.entries()) {
      const data = await (ours.second[i] as Tensor).data();
      if (h) expectClose(data, h, 5e-5, `second ${i}`);
      else expect(Math.max(...data.map(Math.abs)), `second ${i} is zero`).toBeLessThan(1e-5);
    }
    expectClose(await ours.secondDy.data(), secondDy, 5e-5, "second by dy");
  }
});

test("the table of errors: at most 1e-3 from central differences in float64, refusals named", async () => {
  const { rows, refused, worst } = await gradientTable();
  expect(rows.map(({ name }) => name)).toContain("silu'' at 0.7 is 0.391221");
  expect(rows.length).toBe(cases.length + 1);
  expect(worst.first).toBeLessThan(1e-3);
  expect(worst.second).toBeLessThan(1e-3);
  for (const { name, error } of refused) {
    expect(error).toBe(`Cannot compute gradient: gradient function not found for ${name}.`);
  }
});

/** The numbers of the n-th derivative of an elementwise function. */
async function derivative(
  f: (x: Tensor) => Tensor,
  at: number[],
  order: number,
): Promise<number[]> {
  let d = f;
  for (let i = 0; i < order; i++) {
    const inner = d;
    d = (x) => grad((z: Tensor) => sum(inner(z)))(x);
  }
  return [...(await d(tensor(at)).data())];
}

describe("derivatives of higher order", () => {
  const silu = (x: Tensor): Tensor => mul(x, sigmoid(x));

  test("silu''(0.7) is 0.391221, where TensorFlow.js says 0.443426", async () => {
    expect((await derivative(silu, [0.7], 2))[0]).toBeCloseTo(0.391221, 6);
  });

  test("the third and fourth derivatives of tanh, silu and the exponential are right", async () => {
    const t = Math.tanh(0.4);
    const u = 1 - t * t;
    expectClose(await derivative(tanh, [0.4], 3), [u * (6 * t * t - 2)], 1e-5);
    expectClose(await derivative(tanh, [0.4], 4), [u * t * (16 - 24 * t * t)], 1e-5);
    expectClose(await derivative(exp, [0.4], 4), [Math.exp(0.4)], 1e-5);
    const s = 1 / (1 + Math.exp(-0.7));
    const [s1, s2] = [s * (1 - s), s * (1 - s) * (1 - 2 * s)];
    const s3 = s1 * (1 - 6 * s1);
    expectClose(await derivative(silu, [0.7], 3), [3 * s2 + 0.7 * s3], 1e-5);
    expect(s2).not.toBe(s1);
  });

  test("powers have right derivatives of any order at zero", async () => {
    expect(await derivative((x) => pow(x, 2), [0], 2)).toEqual([2]);
    expect(await derivative((x) => pow(x, 2), [0], 3)).toEqual([0]);
    expect(await derivative((x) => pow(x, 3), [0, 2], 3)).toEqual([6, 6]);
  });

  test("elu and selu do not overflow far from zero", async () => {
    expect(await derivative(elu, [200, -200], 1)).toEqual([1, 0]);
    expect(await derivative(elu, [200, -200], 2)).toEqual([0, 0]);
    expect((await derivative(selu, [200], 2))[0]).toBe(0);
  });
});

describe("where a derivative does not exist or is zero", () => {
  test("kinks take the side that PyTorch and TensorFlow take", async () => {
    expect(await derivative(relu, [-1, 0, 1], 1)).toEqual([0, 0, 1]);
    expect(await derivative(abs, [-1, 0, 1], 1)).toEqual([-1, 0, 1]);
    expect(await derivative((x) => clipByValue(x, -1, 1), [-1.5, -1, 0, 1, 2], 1)).toEqual([
      0, 1, 1, 1, 0,
    ]);
    expect(await derivative((x) => maximum(x, 0), [-1, 0, 1], 1)).toEqual([0, 1, 1]);
    expect(await derivative((x) => max(x), [2, 1, 2, 0], 1)).toEqual([0.5, 0, 0.5, 0]);
  });

  test("functions that are constant by pieces have gradient zero", async () => {
    const half = (x: Tensor): Tensor => add(mul(x, 0.5), stopGradient(x));
    for (const f of [
      ceil,
      floor,
      round,
      sign,
      (x: Tensor): Tensor => floorDiv(x, 0.3),
      (x: Tensor): Tensor => cast(x, "int32"),
      (x: Tensor): Tensor => cast(greater(x, 0), "float32"),
      (x: Tensor): Tensor => cast(logicalAnd(greater(x, 0), less(x, 1)), "float32"),
      (x: Tensor): Tensor => gather(tensor1d([1, 2, 3]), argMax(x)),
      (x: Tensor): Tensor => oneHot(argMax(x), 3),
      zerosLike,
    ]) {
      expect(await derivative((x) => add(sum(f(x)), sum(half(x))), [0.2, 0.7, -0.4], 1)).toEqual([
        0.5, 0.5, 0.5,
      ]);
    }
  });

  test("no gradient flows through stopGradient, and it shares its numbers", async () => {
    expect(await derivative((x) => mul(x, stopGradient(x)), [3], 1)).toEqual([3]);
    const x = tensor1d([1, 2]);
    const { numDataBuffers } = memory();
    const same = stopGradient(x);
    expect(memory().numDataBuffers).toBe(numDataBuffers);
    x.dispose();
    expect([...(await same.data())]).toEqual([1, 2]);
    same.dispose();
    expect(memory().numDataBuffers).toBe(numDataBuffers - 1);
  });

  test("divNoNan has value and gradient zero where the divisor is zero", async () => {
    const divide = (a: Tensor, b: Tensor): Tensor => sum(divNoNan(a, b));
    const [a, b] = [tensor1d([1, 2, 0]), tensor1d([2, 0, 0])];
    expect([...(await divNoNan(a, b).data())]).toEqual([0.5, 0, 0]);
    const [da, db] = grads(divide)([a, b]) as [Tensor, Tensor];
    expect([...(await da.data())]).toEqual([0.5, 0, 0]);
    expect([...(await db.data())].map(Math.abs)).toEqual([0.25, 0, 0]);
  });

  test("logSoftmax refuses an axis that is not there", () => {
    expect(() => logSoftmax(tensor1d([1]), 1)).toThrow(
      "logSoftmax: axis must be one of the 1 axes",
    );
  });
});

describe("the registry", () => {
  test("no gradient saves an output", () => {
    for (const { kernelName } of gradientConfigs) {
      expect(getGradient(kernelName).outputsToSave, kernelName).toBeUndefined();
    }
    expect(new Set(gradientConfigs.map((config) => config.kernelName)).size).toBe(
      gradientConfigs.length,
    );
  });

  test("what another package registered over it is replaced by calling it again", async () => {
    registerGradient({
      kernelName: "Sigmoid",
      gradFunc: (dy) => ({ x: () => mul(dy as Tensor, 7) }),
    });
    expect(await derivative(sigmoid, [0], 1)).toEqual([7]);
    registerGradients();
    expect(await derivative(sigmoid, [0], 1)).toEqual([0.25]);
  });

  test("the gradient of an input that needs none is not computed", async () => {
    const w = wave([3, 4], 0);
    const { kernels } = await profile(() =>
      grad((x: Tensor) => sum(matMul(x, w)))(wave([2, 3], 0)),
    );
    expect(kernels.filter(({ name }) => name === "BatchMatMul")).toHaveLength(2);
  });
});
