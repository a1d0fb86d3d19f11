import type { Graph, Value } from "../graph.ts";
import { matMulOp } from "../kernels/matmul.ts";
import { concatOp, padOp, sliceOp, splitOp } from "../kernels/shape.ts";
import { type ConvGeometry, geometryOf, isPointwise } from "./conv-geometry.ts";
import { reverseTaps } from "./filter-taps.ts";
import { foldImage, foldStride, isFoldable, unfoldFilter } from "./fold-stride.ts";
import type { Lowering } from "./index.ts";
import type { LoweringGraph } from "./lowering-graph.ts";
import { padColumns, type PaddedColumns } from "./pad-columns.ts";
import { rowsInside } from "./rows-inside.ts";

type Four = [number, number, number, number];
const nchwc = "com.microsoft.nchwc";

/** The gradient of a convolution with respect to its filter, of x [N,H,W,I] and dy [N,H',W',O]. */
export const conv2dFilterGradient: Lowering = (graph, inputs, attributes, outputs) => {
  const [x, dy] = inputs as [Value, Value];
  const geometry = geometryOf(attributes);
  const shape = (outputs[0] as Value).shape as Four;
  const [, h, w, O] = dy.shape as Four;
  const [s] = geometry.strides;
  if (!isFoldable(geometry) || !isNarrow(graph, dy, s * s * shape[2]))
    return [filterGradient(graph, x, dy, geometry, shape)];
  const image = foldImage(graph, x, geometry, [h, w]);
  const folded = foldStride(geometry);
  const foldedShape: Four = [...folded.kernel, image.shape[3] as number, O];
  const gradient = filterGradient(graph, image, dy, folded, foldedShape);
  return [unfoldFilter(graph, gradient, s, shape)];
};

function filterGradient(
  graph: LoweringGraph,
  x: Value,
  dy: Value,
  geometry: ConvGeometry,
  shape: Four,
): Value {
  const plain = [...geometry.strides, ...geometry.dilations].every((n) => n === 1);
  const [, , I, O] = shape;
  if (plain && !isPointwise(geometry)) {
    if (8 * O <= I) return byWindowsOfGradient(graph, x, dy, geometry, shape);
    // An image of few channels has small windows.
    if (I >= graph.target.blockSize && isNarrow(graph, dy, I))
      return byBlockedConvolution(graph, x, dy, geometry, shape, graph.target.blockSize);
  }
  return byWindows(graph, x, dy, geometry, shape);
}

/** Whether the blocked convolution is the faster form, for dy and an image of so many channels. */
function isNarrow({ target: { blockSize } }: LoweringGraph, dy: Value, I: number): boolean {
  const [, , width, O] = dy.shape as Four;
  return (
    blockSize > 0 &&
    O % blockSize === 0 &&
    (O <= 64 || (O <= 128 && I >= 128 && width > 8)) &&
    I % 4 === 0
  );
}

/** The windows of x as rows (one gather), then one product with dy. Best where dy has many channels, or few pixels. */
function byWindows(
  graph: LoweringGraph,
  x: Value,
  dy: Value,
  geometry: ConvGeometry,
  shape: Four,
): Value {
  const forward = forwardImage(graph, x, dy, geometry);
  const [, kw, I, O] = shape;
  const [N, H, W] = dy.shape as Four;
  const parts = rowsInside(forward.geometry, x.shape[1] as number, H);
  const products = parts.map(({ geometry: part, rows: [from, to] }) =>
    windowsProduct(
      graph,
      { ...forward, geometry: part },
      sliceOp(graph, dy, [0, from, 0, 0], [N, to - from, W, O]),
      [part.kernel[0], kw, I, O],
    ),
  );
  return concatOp(graph, products, 0);
}

function windowsProduct(graph: Graph, image: PaddedColumns, dy: Value, shape: Four): Value {
  const [kh, kw, I, O] = shape;
  const [N, H, W] = dy.shape as Four;
  const rows = N * H * W;
  const windows = isPointwise(image.geometry)
    ? graph.reshape(image.image, [rows, I])
    : graph.reshape(gatherWindows(graph, image, H, W), [rows, kh * kw * I]);
  return graph.reshape(productOverRows(graph, windows, graph.reshape(dy, [rows, O])), shape);
}

/** The image as the forward pass has it: with columns of zeros, if that pads them, of which every window may take its own. */
function forwardImage(
  graph: LoweringGraph,
  x: Value,
  dy: Value,
  geometry: ConvGeometry,
): PaddedColumns {
  const { blockSize } = graph.target;
  return blockSize > 0
    ? padColumns(graph, x, geometry, dy.shape as Four, blockSize)
    : { image: x, geometry };
}

/**
 * The same with the roles of x and dy exchanged, where dy has so few channels that its windows are the smaller ones:
 * every pixel of x meets the turned window of dy around it. Stride 1.
 */
function byWindowsOfGradient(
  graph: Graph,
  x: Value,
  dy: Value,
  { kernel, strides, dilations, pads: [top, left] }: ConvGeometry,
  [kh, kw, I, O]: Four,
): Value {
  const [N, H, W] = x.shape as Four;
  const [, h, w] = dy.shape as Four;
  const above = kh - 1 - top;
  const before = kw - 1 - left;
  const pads: ConvGeometry["pads"] = [
    above,
    before,
    H + kh - 1 - h - above,
    W + kw - 1 - w - before,
  ];
  const taps = kh * kw;
  const around = { kernel, strides, dilations, pads };
  const windows = gatherWindows(graph, { image: dy, geometry: around }, H, W);
  const product = productOverRows(
    graph,
    graph.reshape(x, [N * H * W, I]),
    graph.reshape(windows, [N * H * W, taps * O]),
  );
  const turned = graph.transpose(graph.reshape(product, [I, taps, O]), [1, 0, 2]);
  return graph.reshape(reverseTaps(graph, turned), [kh, kw, I, O]);
}

/**
 * The same sum as a blocked convolution with exchanged roles, which copies no windows: image rows are its input
 * channels, columns and channels of x its height and width, dy its filter of height W' and width 1,
 *
 *   dw[a,b,i,o] = Σ_{r,w} x[r, w + b − left, i] · dy_a[r, w, o],   r over all rows of all images,
 *
 * where dy_a[r] is the row of dy that row r of x meets through tap a, zero outside of the image. Padding to the left and
 * the right is the convolution's, that above and below needs no rows of x. Two groups, half of the rows each, keep two
 * threads evenly busy. Twice as fast as `byWindows` at 32 channels of dy, about equal at 64 (docs/performance.md).
 */
function byBlockedConvolution(
  graph: Graph,
  x: Value,
  dy: Value,
  geometry: ConvGeometry,
  shape: Four,
  block: number,
): Value {
  const groups = 2;
  const [kh, kw, I, O] = shape;
  const [N, height, width] = dy.shape as Four;
  const [top, left] = geometry.pads;
  const columns = x.shape[2] as number;
  const right = kw - 1 + width - columns - left;
  let rowsPerImage = x.shape[1] as number;
  while ((N * rowsPerImage) % (groups * block) !== 0) rowsPerImage++;
  const rows = N * rowsPerImage;
  const whole = padOp(graph, x, [
    [0, 0],
    [0, rowsPerImage - (x.shape[1] as number)],
    [0, Math.min(0, right)],
    [0, 0],
  ]);
  const input = graph.op(
    "ReorderInput",
    [graph.reshape(whole, [1, rows, whole.shape[2] as number, I])],
    { domain: nchwc },
  );

  const blocks = rows / groups / block;
  const layout = { groups, kh, blocks, width, block, rowsPerImage, height, images: N, top };
  const pixels = graph.op(
    "Gather",
    [
      padOp(graph, graph.reshape(dy, [N * height * width, O]), [
        [0, 1],
        [0, 0],
      ]),
      filterPixels(graph, layout),
    ],
    { shape: [groups * kh, blocks * width, block, O], attributes: { axis: { int: 0 } } },
  );
  const filter = graph.op("ReorderInput", [pixels], {
    domain: nchwc,
    shape: [groups * kh, O, blocks * width, block],
    attributes: { channels_last: { int: 1 } },
  });
  const outer = groups * kh * O;
  const result = graph.op(
    "Conv",
    [input, graph.reshape(filter, [outer, rows / groups, width, 1])],
    {
      domain: nchwc,
      shape: [1, outer, kw, I],
      attributes: {
        kernel_shape: { ints: [width, 1] },
        strides: { ints: [1, 1] },
        dilations: { ints: [1, 1] },
        pads: { ints: [left, 0, Math.max(0, right), 0] },
        group: { int: groups },
        auto_pad: { string: "NOTSET" },
      },
    },
  );
  const plain = graph.op("ReorderOutput", [result], {
    domain: nchwc,
    attributes: { channels: { int: outer } },
  });
  const sums = graph.op(
    "ReduceSum",
    [graph.reshape(plain, [groups, kh, O, kw, I]), graph.ints([0])],
    {
      shape: [kh, O, kw, I],
      attributes: { keepdims: { int: 0 } },
    },
  );
  return graph.transpose(sums, [0, 2, 3, 1]);
}

/**
 * Which pixel of dy stands where in the filter, in blocks of rows: through tap a, row r of x meets row r + top − a of dy.
 * Outside of the image it meets the zeros that follow the last pixel.
 */
function filterPixels(
  graph: Graph,
  layout: Record<
    "groups" | "kh" | "blocks" | "width" | "block" | "rowsPerImage" | "height" | "images" | "top",
    number
  >,
): Value {
  const { groups, kh, blocks, width, block, rowsPerImage, height, images, top } = layout;
  const table = new Int32Array(groups * kh * blocks * width * block);
  let at = 0;
  for (let group = 0; group < groups; group++) {
    for (let a = 0; a < kh; a++) {
      for (let b = 0; b < blocks; b++) {
        for (let column = 0; column < width; column++) {
          for (let inBlock = 0; inBlock < block; inBlock++) {
            const row = (group * blocks + b) * block + inBlock;
            const image = Math.floor(row / rowsPerImage);
            const met = (row % rowsPerImage) + top - a;
            table[at++] =
              met >= 0 && met < height
                ? (image * height + met) * width + column
                : images * height * width;
          }
        }
      }
    }
  }
  const shape = [groups * kh, blocks * width, block];
  return graph.constant("int32", shape, table, `filter pixels ${Object.values(layout).join()}`);
}

/**
 * aᵀ·b of a [rows, m] and b [rows, n]. ONNX Runtime keeps two threads evenly busy where b is wide; narrower, in halves
 * side by side.
 */
function productOverRows(graph: Graph, a: Value, b: Value): Value {
  const [rows, m] = a.shape as [number, number];
  const n = b.shape[1] as number;
  if (n < 64 || n >= 128 || rows % 2 === 1) return matMulOp(graph, a, b, true);
  const halves = matMulOp(
    graph,
    graph.reshape(a, [2, rows / 2, m]),
    graph.reshape(b, [2, rows / 2, n]),
    true,
  );
  const [first, second] = splitOp(graph, halves, [1, 1], 0, [m, n]) as [Value, Value];
  return graph.op("Add", [first, second]);
}

/** For every output position its window of the image: [N, H'·W', kh·kw, I]. What lies outside is zero. */
function gatherWindows(
  graph: Graph,
  { image: x, geometry, zeros }: PaddedColumns,
  outHeight: number,
  outWidth: number,
): Value {
  const { kernel, strides, dilations, pads } = geometry;
  const [kh, kw] = kernel;
  const [top, left] = pads;
  const [N, height, width, I] = x.shape as Four;
  const pixels = N * height * width;
  const table = new Int32Array(N * outHeight * outWidth * kh * kw);
  let at = 0;
  let outside = false;
  for (let n = 0; n < N; n++) {
    for (let row = 0; row < outHeight; row++) {
      for (let column = 0; column < outWidth; column++) {
        for (let i = 0; i < kh; i++) {
          const y = row * strides[0] + i * dilations[0] - top;
          for (let j = 0; j < kw; j++) {
            const z = column * strides[1] + j * dilations[1] - left;
            const inside = y >= 0 && y < height && z >= 0 && z < width;
            outside ||= !inside;
            table[at++] = inside ? (n * height + y) * width + z : (zeros ?? pixels);
          }
        }
      }
    }
  }
  const rows = graph.reshape(x, [pixels, I]);
  // A row of zeros for all that is outside: quicker than a border around each image, which ONNX Runtime makes on one thread.
  const row = graph.constant("float32", [1, I], new Float32Array(I), "zeros");
  const known =
    outside && zeros === undefined
      ? graph.op("Concat", [rows, row], {
          shape: [pixels + 1, I],
          attributes: { axis: { int: 0 } },
        })
      : rows;
  const shape = [N, outHeight * outWidth, kh * kw];
  const key = `windows ${[...x.shape, outHeight, outWidth, ...kernel, ...strides, ...dilations, top, left, zeros].join()}`;
  return graph.op("Gather", [known, graph.constant("int32", shape, table, key)], {
    shape: [...shape, I],
    attributes: { axis: { int: 0 } },
  });
}
