import {
  avgPool3d,
  batchNorm,
  bincount,
  conv3d,
  dilation2d,
  localResponseNormalization,
  maxPool3d,
  type Tensor4D,
} from "@tensorflow/tfjs-core";
import {
  type Tensor,
  abs,
  acos,
  acosh,
  add,
  addN,
  asin,
  asinh,
  atan,
  atan2,
  atanh,
  avgPool,
  batchToSpaceND,
  broadcastTo,
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
  gather,
  gatherND,
  grads,
  greater,
  image,
  leakyRelu,
  log,
  log1p,
  logSigmoid,
  logSoftmax,
  logSumExp,
  matMul,
  max,
  maxPool,
  maximum,
  mean,
  min,
  minimum,
  mirrorPad,
  mod,
  moments,
  mul,
  neg,
  norm,
  pad,
  pow,
  prelu,
  prod,
  reciprocal,
  relu,
  relu6,
  reshape,
  reverse,
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
  stridedSlice,
  sub,
  sum,
  tan,
  tanh,
  tensor,
  tensor1d,
  tensor2d,
  tensorScatterUpdate,
  tile,
  topk,
  transpose,
  unsortedSegmentSum,
  unstack,
  where,
} from "../src/index.ts";

export interface Case {
  name: string;
  inputs: { shape: number[]; low: number; high: number }[];
  shape: number[];
  value: number[];
  first: number[][];
  /** null where it is zero everywhere. */
  second: (number[] | null)[];
  secondDy: number[];
}

export type Op = (...inputs: Tensor[]) => Tensor;
// The public types name exact ranks; the table is about numbers.
export const as = <T>(x: Tensor): T => x as unknown as T;
export const rows = (indices: number[]): Tensor => tensor1d(indices, "int32");
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

export const silu = (x: Tensor): Tensor => mul(x, sigmoid(x));

export const ops: Record<string, Op> = {
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
  silu: (x) => silu(x as Tensor),
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
  batchNorm: (x, mean, variance, offset, scale) =>
    batchNorm(
      x as Tensor,
      as(mean as Tensor),
      as(variance as Tensor),
      as(offset as Tensor),
      as(scale as Tensor),
      0.1,
    ),
  localResponseNormalization: (x) => localResponseNormalization(as(x as Tensor), 1, 1.5, 0.3, 0.7),
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

export function numbers({ shape, low, high }: Case["inputs"][number], phase: number): Tensor {
  const count = shape.reduce((product, n) => product * n, 1);
  const values = Float32Array.from({ length: count }, (_, k) => {
    return low + (high - low) * ((k * 0.6180339887498949 + 0.37 * (phase + 1)) % 1);
  });
  return tensor(values, shape);
}

export function wave(shape: number[], phase: number): Tensor {
  const count = shape.reduce((product, n) => product * n, 1);
  const values = Float32Array.from({ length: count }, (_, k) => Math.sin(1.3 * k + phase + 1));
  return tensor(values, shape);
}

export const project = (a: Tensor, b: Tensor): Tensor => sum(mul(a, b));

/** The first derivatives of y projected on c, and with respect to inputs and c those of their projections. */
export interface Derivatives {
  first: Tensor[];
  second: Tensor[];
  secondDy: Tensor;
}

export function derivatives(op: Op, xs: Tensor[], shape: number[]): Derivatives {
  const c = wave(shape, 0);
  const first = grads((...args: Tensor[]) => project(op(...args), c))(xs);
  const second = grads((...args: Tensor[]) => {
    const dy = args.pop() as Tensor;
    const gs = grads((...inner: Tensor[]) => project(op(...inner), dy))(args);
    // Zero times the inputs: TensorFlow.js refuses to differentiate by what does not matter.
    const parts = gs.map((g, i) => project(g, wave(g.shape, 1 + i)));
    return addN([...parts, ...args.map((x) => sum(mul(x, 0)))]);
  })([...xs, c]);
  c.dispose();
  return { first, second: second.slice(0, -1), secondDy: second.at(-1) as Tensor };
}

const photo = (x: Tensor | undefined): Tensor4D => reshape(x as Tensor, [1, 3, 2, 1]);

/** Operations of TensorFlow.js whose gradient is refused, by the kernel that the error names, and why. */
export const withoutGradient: Readonly<Record<string, { op: Op; reason: string }>> = {
  CropAndResize: {
    op: (x) => image.cropAndResize(photo(x), [[0, 0, 1, 1]], as(rows([0])), [2, 2]),
    reason: "not written: use resizeBilinear of a slice",
  },
  RotateWithOffset: {
    op: (x) => image.rotateWithOffset(photo(x), 0.3),
    reason: "the nearest pixel is taken: it jumps with the angle",
  },
  Transform: {
    op: (x) => image.transform(photo(x), tensor2d([[1, 0, 0, 0, 1, 0, 0, 0]])),
    reason: "the nearest pixel is taken: it jumps with the transformation",
  },
  Dilation2D: {
    op: (x) => dilation2d(photo(x), as(tensor(new Float32Array(4), [2, 2, 1])), 1, "same"),
    reason: "not written: maxPool has one",
  },
  Bincount: {
    op: (x) => bincount(as(rows([0, 1, 1, 0, 1, 0])), as(reshape(x as Tensor, [6])), 2),
    reason: "it counts; unsortedSegmentSum has one",
  },
};
