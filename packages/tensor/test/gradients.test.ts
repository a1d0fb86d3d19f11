import { expectClose, fixture } from "@gen/testing";
import {
  avgPool3d,
  conv3d,
  engine,
  getBackend,
  getGradient,
  getKernel,
  type KernelConfig,
  maxPool3d,
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
  acos,
  acosh,
  add,
  addN,
  argMax,
  asin,
  asinh,
  atan,
  atan2,
  atanh,
  avgPool,
  batchToSpaceND,
  broadcastTo,
  cast,
  ceil,
  clipByValue,
  concat,
  conv2d,
  conv2dTranspose,
  cos,
  cosh,
  cumprod,
  cumsum,
  depthToSpace,
  depthwiseConv2d,
  diag,
  div,
  divNoNan,
  einsum,
  elu,
  erf,
  exp,
  expm1,
  floor,
  floorDiv,
  gather,
  gatherND,
  grad,
  grads,
  greater,
  image,
  leakyRelu,
  less,
  log,
  log1p,
  logSigmoid,
  logSoftmax,
  logSumExp,
  logicalAnd,
  matMul,
  max,
  maxPool,
  maximum,
  mean,
  memory,
  min,
  minimum,
  mirrorPad,
  mod,
  moments,
  mul,
  neg,
  norm,
  oneHot,
  pad,
  pow,
  prelu,
  prod,
  reciprocal,
  registerGradients,
  relu,
  relu6,
  reshape,
  reverse,
  round,
  rsqrt,
  scatterND,
  selu,
  sigmoid,
  sign,
  sin,
  sinh,
  slice,
  softmax,
  softplus,
  spaceToBatchND,
  splitTensor,
  sqrt,
  square,
  squaredDifference,
  stack,
  stopGradient,
  stridedSlice,
  sub,
  sum,
  tan,
  tanh,
  tensor,
  tensor1d,
  tensor2d,
  tensorScatterUpdate,
  tidy,
  tile,
  topk,
  transpose,
  unsortedSegmentSum,
  unstack,
  useBackend,
  where,
  zerosLike,
} from "../src/index.ts";

interface Case {
  name: string;
  inputs: { shape: number[]; low: number; high: number }[];
  shape: number[];
  value: number[];
  first: number[][];
  /** null where it is zero everywhere. */
  second: (number[] | null)[];
  secondDy: number[];
}

type Op = (...inputs: Tensor[]) => Tensor;
// The public types name exact ranks; the table is about numbers.
const as = <T>(x: Tensor): T => x as unknown as T;
const rows = (indices: number[]): Tensor => tensor1d(indices, "int32");
const twos =
  (op: (a: Tensor, b: Tensor) => Tensor): Op =>
  (a, b) =>
    op(a as Tensor, b as Tensor);
const conv =
  (stride: number, padding: unknown, dilation = 1): Op =>
  (x, w) =>
    conv2d(as(x as Tensor), as(w as Tensor), stride, padding as "same", "NHWC", dilation);
const depthwise =
  (stride: number, padding: "same" | "valid", dilation = 1): Op =>
  (x, w) =>
    depthwiseConv2d(as(x as Tensor), as(w as Tensor), stride, padding, "NHWC", dilation);
const squared =
  (op: (x: Tensor) => Tensor): Op =>
  (x) =>
    square(op(x as Tensor));

const ops: Record<string, Op> = {
  neg,
  abs,
  square,
  sqrt,
  rsqrt,
  reciprocal,
  exp,
  expm1,
  log,
  log1p,
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  sinh,
  cosh,
  tanh,
  asinh,
  acosh,
  atanh,
  erf,
  relu,
  relu6,
  elu,
  selu,
  sigmoid,
  softplus,
  logSigmoid,
  leakyRelu: (x) => leakyRelu(x as Tensor, 0.2),
  silu: (x) => mul(x as Tensor, sigmoid(x as Tensor)),
  sigmoidByHand: (x) => div(1, add(1, exp(neg(x as Tensor)))),
  clipByValue: (x) => clipByValue(x as Tensor, -1.05, 2.02),
  floorTimesX: (x) => mul(x as Tensor, floor(x as Tensor)),
  signTimesX: (x) => mul(x as Tensor, sign(x as Tensor)),
  prelu: twos(prelu),

  pow: twos(pow),
  cube: (x) => pow(x as Tensor, 3),
  "add scalar": twos(add),
  "mul scalar": twos(mul),
  addN: (...xs) => addN(xs),
  where: twos((a, b) => where(greater(a, 0.1), mul(square(a), b), sin(b))),
  divNoNan: twos(divNoNan),

  "sum all": (x) => sum(square(x as Tensor)),
  "sum middle": (x) => sum(square(x as Tensor), 1),
  "sum kept": (x) => sum(square(x as Tensor), [0, 2], true),
  "mean all": (x) => mean(pow(x as Tensor, 3)),
  "mean last": (x) => mean(pow(x as Tensor, 3), -1),
  max: squared((x) => max(x, 1)),
  "max all": squared((x) => max(x)),
  min: squared((x) => min(x, [0, 2], true)),
  prod: (x) => prod(x as Tensor, 1),
  "prod with a zero": (x) => prod(mul(x as Tensor, [1, 0, 1, 1, 1]), 1),
  cumsum: (x) => cumsum(square(x as Tensor), 1),
  "cumsum exclusive reverse": (x) => cumsum(square(x as Tensor), 1, true, true),
  cumprod: (x) => cumprod(x as Tensor, 1),
  "cumprod exclusive reverse": (x) => cumprod(x as Tensor, 1, true, true),
  logSumExp: (x) => logSumExp(x as Tensor, 1),
  variance: (x) => moments(x as Tensor, [1, 2]).variance,
  softmax: (x) => softmax(x as Tensor),
  logSoftmax: (x) => logSoftmax(x as Tensor),
  norm: (x) => norm(x as Tensor, "euclidean", 1),

  reshape: squared((x) => reshape(x, [4, 6])),
  transpose: squared((x) => transpose(x, [2, 0, 1])),
  reverse: squared((x) => reverse(x, [0, 2])),
  flipLeftRight: squared((x) => image.flipLeftRight(as(x))),
  rgbToGrayscale: squared((x) => image.rgbToGrayscale(as(x))),
  concat: twos((a, b) => square(concat([a, b, a], 1))),
  split: (x) => {
    const [a, , c] = splitTensor(x as Tensor, [1, 2, 1], 2) as [Tensor, Tensor, Tensor];
    return mul(sum(a, 1, true), square(c));
  },
  "split one": (x) => square(splitTensor(x as Tensor, 1, 2)[0] as Tensor),
  stack: twos((a, b) => square(stack([a, mul(b, a)], 1))),
  unstack: (x) => {
    const [a, , c] = unstack(x as Tensor, 1) as [Tensor, Tensor, Tensor];
    return mul(a, square(c));
  },
  slice: squared((x) => slice(x, [1, 0, 1], [1, 2, 2])),
  stridedSlice: squared((x) => stridedSlice(x, [0, 1, 0], [2, 7, 1], [1, 2, 1])),
  "stridedSlice backwards": squared((x) => stridedSlice(x, [0, -1], [2, 0], [1, -3])),
  pad: squared((x) =>
    pad(
      x,
      [
        [0, 1],
        [1, 2],
      ],
      0.5,
    ),
  ),
  "mirrorPad reflect": squared((x) =>
    mirrorPad(
      x,
      [
        [0, 0],
        [1, 2],
        [2, 1],
      ],
      "reflect",
    ),
  ),
  "mirrorPad symmetric": squared((x) =>
    mirrorPad(
      x,
      [
        [2, 1],
        [1, 1],
      ],
      "symmetric",
    ),
  ),
  tile: squared((x) => tile(x, [2, 1, 3])),
  broadcastTo: squared((x) => broadcastTo(x, [2, 3, 4])),
  "gather rows": squared((x) => gather(x, rows([2, 0, 2, 1]))),
  "gather columns": squared((x) =>
    gather(
      x,
      tensor2d(
        [
          [2, 0],
          [2, 1],
        ],
        [2, 2],
        "int32",
      ),
      1,
    ),
  ),
  "gather batched": squared((x) =>
    gather(
      x,
      tensor2d(
        [
          [2, 0, 2],
          [1, 1, 0],
        ],
        [2, 3],
        "int32",
      ),
      1,
      1,
    ),
  ),
  gatherND: squared((x) =>
    gatherND(
      x,
      tensor2d(
        [
          [0, 2],
          [1, 0],
          [1, 0],
        ],
        [3, 2],
        "int32",
      ),
    ),
  ),
  scatterND: squared((x) =>
    scatterND(tensor2d([[3], [1], [3]], [3, 1], "int32"), x, as([4, 2] as never)),
  ),
  tensorScatterUpdate: twos((x, u) =>
    square(tensorScatterUpdate(x, tensor2d([[3], [1]], [2, 1], "int32"), u)),
  ),
  unsortedSegmentSum: squared((x) => unsortedSegmentSum(x, as(rows([2, 0, 2, 0])), 3)),
  spaceToBatchND: squared((x) =>
    spaceToBatchND(
      x,
      [2, 2],
      [
        [0, 0],
        [0, 0],
      ],
    ),
  ),
  batchToSpaceND: squared((x) =>
    batchToSpaceND(
      x,
      [2, 2],
      [
        [0, 0],
        [0, 0],
      ],
    ),
  ),
  depthToSpace: squared((x) => depthToSpace(as(x), 2, "NHWC")),
  diag: squared(diag),
  topk: squared((x) => topk(x, 2).values),

  "einsum product": twos((a, b) => einsum("bij,kj->bik", a, b)),
  "einsum sum": squared((a) => einsum("bij->b", a)),
  "einsum single": squared((a) => einsum("bij->jb", a)),

  "conv2d same": conv(1, "same"),
  "conv2d valid": conv(1, "valid"),
  "conv2d stride 2 odd": conv(2, "same"),
  "conv2d stride 2 even": conv(2, "same"),
  "conv2d 1x1": conv(1, "same"),
  "conv2d dilation": conv(1, "same", 2),
  "conv2d dilation valid": conv(1, "valid", 2),
  "conv2d explicit pad": conv(2, [
    [0, 0],
    [0, 1],
    [1, 2],
    [0, 0],
  ]),
  "conv2d number pad": conv(1, 1),
  "conv2dTranspose same": twos((x, w) => conv2dTranspose(as(x), as(w), [1, 4, 6, 1], 2, "same")),
  "conv2dTranspose valid": twos((x, w) => conv2dTranspose(as(x), as(w), [1, 6, 6, 2], 2, "valid")),
  "depthwiseConv2d same": depthwise(1, "same"),
  "depthwiseConv2d multiplier": depthwise(2, "same"),
  "depthwiseConv2d valid": depthwise(1, "valid"),
  "depthwiseConv2d dilation": depthwise(1, "same", 2),
  "conv3d same": twos((x, w) => conv3d(as(x), as(w), 1, "same")),
  "conv3d stride": twos((x, w) => conv3d(as(x), as(w), 2, "same")),

  "gradient penalty through leakyRelu": (x, w, v) =>
    leakyRelu(matMul(leakyRelu(matMul(x as Tensor, w as Tensor), 0.2), v as Tensor), 0.2),
  attention: (q, k, v) =>
    matMul(
      softmax(mul(matMul(q as Tensor, k as Tensor, false, true), 1 / Math.sqrt(2))),
      v as Tensor,
    ),
  "layer norm": twos((x, g) => {
    const { mean: center, variance } = moments(x, -1, true);
    return mul(mul(sub(x, center), rsqrt(add(variance, 1e-5))), g);
  }),
};

for (const [name, op] of Object.entries({
  add,
  sub,
  mul,
  div,
  maximum,
  minimum,
  squaredDifference,
  atan2,
  mod,
})) {
  ops[name] = twos(op);
  ops[`${name} reversed`] = (a, b) => op(b as Tensor, a as Tensor);
}
for (const transposeA of [false, true]) {
  for (const transposeB of [false, true]) {
    for (const shapes of ["", " batched", " shared right", " shared left"]) {
      const flags = (transposeA ? "T" : "N") + (transposeB ? "T" : "N");
      ops[`matMul ${flags}${shapes}`] = twos((a, b) => matMul(a, b, transposeA, transposeB));
    }
  }
}
for (const [name, pool, pool3d] of [
  ["avg", avgPool, avgPool3d],
  ["max", maxPool, maxPool3d],
] as const) {
  for (const [window, size, stride, padding] of [
    ["2x2", 2, 2, "valid"],
    ["2x2 odd same", 2, 2, "same"],
    ["3x3 stride 2 same", 3, 2, "same"],
    ["3x3 stride 1 same", 3, 1, "same"],
    ["3x3 stride 2 valid", 3, 2, "valid"],
    ["2x2 rest dropped", 2, 2, "valid"],
    ["padded", 3, 2, 1],
  ] as const) {
    ops[`${name}Pool ${window}`] = squared((x) => pool(as(x), size, stride, padding));
  }
  ops[`${name}Pool3d`] = squared((x) => pool3d(as(x), 2, 2, "same"));
  ops[`${name}Pool3d overlapping`] = squared((x) => pool3d(as(x), 3, 2, "same"));
}
for (const kind of ["Bilinear", "NearestNeighbor"] as const) {
  for (const [name, size, aligned, halfPixel] of [
    ["up", [5, 8], false, false],
    ["up aligned", [5, 8], true, false],
    ["up half pixel", [5, 8], false, true],
    ["down", [2, 3], false, false],
    ["down aligned", [2, 3], true, false],
    ["down half pixel", [2, 3], false, true],
    ["to one", [1, 1], true, false],
  ] as [string, [number, number], boolean, boolean][]) {
    ops[`resize${kind} ${name}`] = squared((x) =>
      image[`resize${kind}`](as(x), size, aligned, halfPixel),
    );
  }
}

function numbers({ shape, low, high }: Case["inputs"][number], phase: number): Tensor {
  const count = shape.reduce((product, n) => product * n, 1);
  const values = Float32Array.from({ length: count }, (_, k) => {
    return low + (high - low) * ((k * 0.6180339887498949 + 0.37 * (phase + 1)) % 1);
  });
  return tensor(values, shape);
}

function wave(shape: number[], phase: number): Tensor {
  const count = shape.reduce((product, n) => product * n, 1);
  const values = Float32Array.from({ length: count }, (_, k) => Math.sin(1.3 * k + phase + 1));
  return tensor(values, shape);
}

const project = (a: Tensor, b: Tensor): Tensor => sum(mul(a, b));

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
    const c = wave(shape, 0);
    const y = tidy(() => forward(op, xs, skip));
    expect(y.shape).toEqual(shape);

    const count = memory().numTensors;
    const firsts = grads((...args: Tensor[]) => project(op(...args), c))(xs);
    expect(memory().numTensors - count, "tensors left by a gradient").toBe(xs.length);

    const seconds = grads((...args: Tensor[]) => {
      const dy = args.pop() as Tensor;
      const gs = grads((...inner: Tensor[]) => project(op(...inner), dy))(args);
      // Zero times the inputs: TensorFlow.js refuses to differentiate by what does not matter.
      const parts = gs.map((g, i) => project(g, wave(g.shape, 1 + i)));
      return addN([...parts, ...args.map((x) => sum(mul(x, 0)))]);
    })([...xs, c]);

    // Read at the end: an engine that records computes everything at once.
    expectClose(await y.data(), value, 1e-5, "value");
    for (const [i, g] of firsts.entries()) {
      expectClose(await g.data(), first[i] as number[], 2e-5, `first ${i}`);
    }
    for (const [i, h] of second.entries()) {
      const data = await (seconds[i] as Tensor).data();
      if (h) expectClose(data, h, 5e-5, `second ${i}`);
      else expect(Math.max(...data.map(Math.abs)), `second ${i} is zero`).toBeLessThan(1e-5);
    }
    expectClose(await (seconds.at(-1) as Tensor).data(), secondDy, 5e-5, "second by dy");
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

  test("an operation without a gradient says which", () => {
    const boxes = tensor2d([[0, 0, 1, 1]]);
    const crop = (x: Tensor): Tensor =>
      sum(image.cropAndResize(as(x), boxes, as(rows([0])), [2, 2]));
    expect(() => grad(crop)(tensor(new Float32Array(9), [1, 3, 3, 1]))).toThrow(/CropAndResize/);
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
