import { type Graph, sizeOf, type Value } from "../graph.ts";
import { concatOp, padOp } from "../kernels/shape.ts";
import type { LoweringGraph } from "./lowering-graph.ts";
import { type ConvGeometry, geometryOf, isPointwise } from "./conv-geometry.ts";
import { blockFilter } from "./filter-blocks.ts";
import { allTaps, channelsOf, everyTap, filterOf, type FilterTaps, turned } from "./filter-taps.ts";
import { fromSquares, squareFilter, squareGeometry, squareSide } from "./fold-outputs.ts";
import { type Activation, activationOf } from "./fuse-activation.ts";
import { foldFilter, foldStride, interleave, isFoldable, unfoldImage } from "./fold-stride.ts";
import type { Lowering } from "./index.ts";
import { padColumns } from "./pad-columns.ts";

type Four = [number, number, number, number];
const nchwc = "com.microsoft.nchwc";

/**
 * A convolution of x [N,H,W,I] with a filter [kh,kw,I,O], a bias [O] where `fuseBias` found one, and what
 * `fuseActivation` found.
 */
export const conv2d: Lowering = (graph, [x, filter, bias], attributes, [output]) => [
  convolve(
    graph,
    x as Value,
    allTaps(filter as Value),
    geometryOf(attributes),
    (output as Value).shape as Four,
    bias,
    activationOf(attributes),
  ),
];

/**
 * The gradient of a convolution with respect to its input, of dy [N,H',W',O] and the filter [kh,kw,I,O], and a bias [I] where
 * `fuseBias` found one.
 */
export const conv2dInputGradient: Lowering = (graph, inputs, attributes, outputs) => {
  const [dy, filter, bias] = inputs as [Value, Value, Value?];
  const geometry = geometryOf(attributes);
  const shape = (outputs[0] as Value).shape as Four;
  if (geometry.strides.every((stride) => stride === 1))
    return [turnedConvolution(graph, dy, allTaps(filter), geometry, shape, bias)];
  const block = graph.target.blockSize;
  const whole = [shape[1], shape[2]].every((size) => size % geometry.strides[0] === 0);
  if (block === 0 || !isFoldable(geometry) || !whole)
    return [convTranspose(graph, dy, filter, geometry, shape, bias)];
  const form = geometry.strides[0] ** 2 * shape[3] <= block ? folded : byPhases;
  return [form(graph, dy, filter, geometry, shape, bias)];
};

/**
 * The input gradient at stride s of few channels: all phases of `byPhases` fit into one block of the result of one
 * convolution, the gradient of the folded image. It computes a border, and a quarter of what phases in blocks of their own
 * do.
 */
function folded(
  graph: LoweringGraph,
  dy: Value,
  filter: Value,
  geometry: ConvGeometry,
  shape: Four,
  bias?: Value,
): Value {
  const [s] = geometry.strides;
  const around = foldStride(geometry);
  const [N, height, width] = dy.shape as Four;
  const [rows, columns] = [height + around.kernel[0] - 1, width + around.kernel[1] - 1];
  const covered =
    rows * s >= shape[1] + geometry.pads[0] && columns * s >= shape[2] + geometry.pads[1];
  const image = turnedConvolution(
    graph,
    dy,
    allTaps(foldFilter(graph, filter, s)),
    around,
    [N, rows, columns, s * s * shape[3]],
    covered && bias ? repeated(graph, bias, s * s) : undefined,
  );
  const unfolded = unfoldImage(graph, image, geometry, shape);
  return bias && !covered ? graph.op("Add", [unfolded, bias]) : unfolded;
}

/**
 * The input gradient at stride s, of a kernel that is a multiple of s: pixels of x with the same phase, their place within
 * the strides, come from the same taps. Each phase is an input gradient of stride 1; the s² results interleave.
 */
function byPhases(
  graph: LoweringGraph,
  dy: Value,
  filter: Value,
  geometry: ConvGeometry,
  [N, H, W, I]: Four,
  bias?: Value,
): Value {
  const [s] = geometry.strides;
  const [top, left] = geometry.pads;
  const folded = foldStride(geometry);
  const [height, width] = [H / s, W / s];
  const phases: Value[] = [];
  for (let y = 0; y < s; y++) {
    for (let x = 0; x < s; x++) {
      // Row y of the image is row `above` of the folded one, in its phase (y + top) % s.
      const above = Math.floor((y + top) / s);
      const before = Math.floor((x + left) / s);
      const taps = everyTap(filter, s, (y + top) % s, (x + left) % s);
      const around = { ...folded, pads: [above, before, 0, 0] as ConvGeometry["pads"] };
      const shape: Four = [N, height, width, I];
      phases.push(turnedConvolution(graph, dy, taps, around, shape, bias));
    }
  }
  return interleave(graph, phases, s);
}

/** At stride 1 the input gradient is a convolution with the filter turned by 180° and its channels exchanged. */
function turnedConvolution(
  graph: LoweringGraph,
  dy: Value,
  taps: FilterTaps,
  { kernel, strides, dilations, pads }: ConvGeometry,
  shape: Four,
  bias?: Value,
): Value {
  const reach = [0, 1].map((i) => ((kernel[i] as number) - 1) * (dilations[i] as number)) as [
    number,
    number,
  ];
  const [, height, width] = dy.shape as Four;
  const top = reach[0] - pads[0];
  const left = reach[1] - pads[1];
  const outer: ConvGeometry["pads"] = [
    top,
    left,
    shape[1] - (height + top - reach[0]),
    shape[2] - (width + left - reach[1]),
  ];
  const around = { kernel, strides, dilations, pads: outer };
  return convolve(graph, dy, turned(taps), around, shape, bias);
}

function convolve(
  graph: LoweringGraph,
  x: Value,
  taps: FilterTaps,
  geometry: ConvGeometry,
  shape: Four,
  bias?: Value,
  activation?: Activation,
): Value {
  const activate = (value: Value): Value =>
    activation ? graph.op(activation.op, [value], activation) : value;
  const [I, O] = channelsOf(taps);
  const optional = bias ? [bias] : [];
  if (isPointwise(geometry)) {
    const rows = sizeOf(x.shape) / I;
    const product = graph.op(
      bias ? "Gemm" : "MatMul",
      [graph.reshape(x, [rows, I]), graph.reshape(filterOf(graph, taps), [I, O]), ...optional],
      { shape: [rows, O] },
    );
    return activate(graph.reshape(product, shape));
  }
  if (geometry.pads.some((pad) => pad < 0)) {
    const [top, left, bottom, right] = geometry.pads;
    const cropped = padOp(graph, x, [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ]);
    return convolve(
      graph,
      cropped,
      taps,
      { ...geometry, pads: [0, 0, 0, 0] },
      shape,
      bias,
      activation,
    );
  }
  const block = graph.target.blockSize;
  if (block > 0 && (I < block || I % 4 === 0)) {
    const [N, height, width] = shape;
    const s = I < block ? 1 : squareSide(O, block, geometry, [height, width]);
    if (s === 1) return blocked(graph, x, taps, geometry, shape, bias, activation);
    const squares = blocked(
      graph,
      x,
      allTaps(squareFilter(graph, filterOf(graph, taps), s)),
      squareGeometry(geometry, s),
      [N, height / s, width / s, s * s * O],
      bias && repeated(graph, bias, s * s),
      activation,
    );
    return fromSquares(graph, squares, s, shape);
  }
  const weights = filterOf(graph, taps);
  const result = graph.op(
    "Conv",
    [graph.transpose(x, [0, 3, 1, 2]), graph.transpose(weights, [3, 2, 0, 1]), ...optional],
    { shape: [shape[0], O, shape[1], shape[2]], attributes: onnxConvAttributes(geometry) },
  );
  return activate(graph.transpose(result, [0, 2, 3, 1]));
}

/**
 * ONNX Runtime's blocked convolution, with a filter computed in the graph: channels in blocks of `block`, padded with
 * zeros where they do not fill one. Fewer input channels than a block are read in NCHW.
 */
function blocked(
  graph: LoweringGraph,
  x: Value,
  taps: FilterTaps,
  geometry: ConvGeometry,
  shape: Four,
  bias?: Value,
  activation?: Activation,
): Value {
  const block = graph.target.blockSize;
  const [I, O] = channelsOf(taps);
  const { image, geometry: around } = padColumns(graph, x, geometry, shape, block);
  const [N, H, W] = image.shape as Four;
  const inner = Math.ceil(I / block) * block;
  const outer = Math.ceil(O / block) * block;
  const input =
    I < block
      ? graph.transpose(image, [0, 3, 1, 2])
      : (inBlocks(image, block) ??
        graph.op("ReorderInput", [image], {
          domain: nchwc,
          shape: [N, inner, H, W],
          attributes: { channels_last: { int: 1 } },
        }));
  const operands = [input, blockFilter(graph, taps, block)];
  if (bias) operands.push(padOp(graph, bias, [[0, outer - O]]));
  const result = graph.op("Conv", operands, {
    domain: nchwc,
    shape: [N, outer, shape[1], shape[2]],
    attributes: {
      ...onnxConvAttributes(around),
      group: { int: 1 },
      auto_pad: { string: "NOTSET" },
      ...(activation && {
        activation: { string: activation.op },
        activation_params: { floats: parametersOf(activation) },
      }),
    },
  });
  return graph.op("ReorderOutput", [result], {
    domain: nchwc,
    shape,
    attributes: { channels: { int: O }, channels_last: { int: 1 } },
  });
}

/** An image as it was in blocks, where another convolution has made it. */
function inBlocks({ node, shape }: Value, block: number): Value | undefined {
  const whole = (shape[3] as number) % block === 0;
  return whole && node?.op === "ReorderOutput" && node.attributes["channels_last"]
    ? node.inputs[0]
    : undefined;
}

function parametersOf({ attributes: { alpha } }: Activation): number[] {
  return alpha && "float" in alpha ? [alpha.float] : [];
}

/** The bias of pixels that are channels. */
function repeated(graph: Graph, bias: Value, times: number): Value {
  return concatOp(graph, Array<Value>(times).fill(bias), 0);
}

function convTranspose(
  graph: Graph,
  dy: Value,
  filter: Value,
  geometry: ConvGeometry,
  shape: Four,
  bias?: Value,
): Value {
  const { kernel, strides, dilations, pads } = geometry;
  const [, height, width] = dy.shape as Four;
  const [N, H, W, I] = shape;
  const reached = [height, width].map(
    (size, i) =>
      (size - 1) * (strides[i] as number) +
      ((kernel[i] as number) - 1) * (dilations[i] as number) +
      1,
  ) as [number, number];
  const [top, left] = pads;
  // Rows that no window reached get zeros; rows beyond the input are cut off.
  const bottom = reached[0] - top - H;
  const right = reached[1] - left - W;
  const result = graph.op(
    "ConvTranspose",
    [graph.transpose(dy, [0, 3, 1, 2]), graph.transpose(filter, [3, 2, 0, 1])],
    {
      shape: [N, I, H - Math.max(0, -bottom), W - Math.max(0, -right)],
      attributes: {
        ...onnxConvAttributes({
          ...geometry,
          pads: [top, left, Math.max(0, bottom), Math.max(0, right)],
        }),
      },
    },
  );
  const last = graph.transpose(result, [0, 2, 3, 1]);
  const whole = padOp(graph, last, [
    [0, 0],
    [0, Math.max(0, -bottom)],
    [0, Math.max(0, -right)],
    [0, 0],
  ]);
  return bias ? graph.op("Add", [whole, bias]) : whole;
}

/** One filter per channel: x [N,H,W,I], filter [kh,kw,I,M], result [N,H',W',I·M]. */
export const depthwiseConv2d: Lowering = (graph, inputs, attributes, outputs) => {
  const [x, filter] = inputs as [Value, Value];
  const [N, H, W, C] = (outputs[0] as Value).shape as Four;
  const [kh, kw, I, M] = filter.shape as Four;
  const weights = graph.reshape(graph.transpose(filter, [2, 3, 0, 1]), [I * M, 1, kh, kw]);
  const result = graph.op("Conv", [graph.transpose(x, [0, 3, 1, 2]), weights], {
    shape: [N, C, H, W],
    attributes: { ...onnxConvAttributes(geometryOf(attributes)), group: { int: I } },
  });
  return [graph.transpose(result, [0, 2, 3, 1])];
};

function onnxConvAttributes({
  kernel,
  strides,
  dilations,
  pads,
}: ConvGeometry): Record<string, { ints: number[] }> {
  return {
    kernel_shape: { ints: kernel },
    strides: { ints: strides },
    dilations: { ints: dilations },
    pads: { ints: pads },
  };
}
