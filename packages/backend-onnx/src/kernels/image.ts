import { backend_util } from "@tensorflow/tfjs-core";
import type { Graph, Value } from "../graph.ts";
import { binaryOp, whereOp } from "./binary.ts";
import type { Kernel, Kernels } from "./kernel.ts";
import { expandOp, gatherConstant, made, sliceOp } from "./shape.ts";

type Four = [number, number, number, number];

/** Resizing of images [N,H,W,C]. */
function resize(mode: "linear" | "nearest"): Kernel {
  return ({ graph, input, attributes: { size, alignCorners, halfPixelCenters } }) => {
    const images = graph.cast(input("images"), "float32");
    const [n, , , c] = images.shape as Four;
    const [height, width] = size;
    const coordinates = alignCorners
      ? "align_corners"
      : halfPixelCenters
        ? "half_pixel"
        : "asymmetric";
    const nearest = alignCorners || halfPixelCenters ? "round_prefer_ceil" : "floor";
    const none = graph.constant("float32", [0], new Float32Array(), "none");
    const resized = graph.op(
      "Resize",
      [graph.transpose(images, [0, 3, 1, 2]), none, none, graph.ints([n, c, height, width])],
      {
        shape: [n, c, height, width],
        attributes: {
          mode: { string: mode },
          coordinate_transformation_mode: { string: coordinates },
          nearest_mode: { string: nearest },
        },
      },
    );
    return graph.transpose(resized, [0, 2, 3, 1]);
  };
}

/** Resizing is linear and treats rows and columns apart: its gradient is two products with transposed tables. */
function resizeGradient(mode: "linear" | "nearest"): Kernel {
  return ({ graph, input, tensor, attributes: { alignCorners, halfPixelCenters } }) => {
    const dy = input("dy");
    const [N, H, W, C] = tensor("images").shape as Four;
    const [, height, width] = dy.shape as Four;
    const weights = (size: number, outSize: number): Value =>
      resizeWeights(graph, mode, size, outSize, alignCorners, halfPixelCenters);
    const rows = graph.op(
      "MatMul",
      [weights(H, height), graph.reshape(dy, [N, height, width * C])],
      { shape: [N, H, width * C] },
    );
    const columns = graph.op(
      "MatMul",
      [weights(W, width), graph.reshape(rows, [N * H, width, C])],
      { shape: [N * H, W, C] },
    );
    return graph.reshape(columns, [N, H, W, C]);
  };
}

/** How much of each input pixel is in each output pixel along one axis: [size, outSize]. */
function resizeWeights(
  graph: Graph,
  mode: "linear" | "nearest",
  size: number,
  outSize: number,
  alignCorners: boolean,
  halfPixelCenters: boolean,
): Value {
  const weights = new Float32Array(size * outSize);
  const aligned = alignCorners && outSize > 1;
  const scale = aligned ? (size - 1) / (outSize - 1) : size / outSize;
  for (let i = 0; i < outSize; i++) {
    const at = halfPixelCenters ? (i + 0.5) * scale - 0.5 : i * scale;
    if (mode === "nearest") {
      const rounded =
        alignCorners || halfPixelCenters
          ? Math.floor(Math.fround(at + 0.5))
          : Math.floor(Math.fround(at));
      weights[Math.max(0, Math.min(size - 1, rounded)) * outSize + i] = 1;
    } else {
      const inside = Math.max(0, Math.min(size - 1, at));
      const low = Math.floor(inside);
      const high = Math.min(size - 1, low + 1);
      const fraction = inside - low;
      weights[low * outSize + i] = (weights[low * outSize + i] as number) + 1 - fraction;
      weights[high * outSize + i] = (weights[high * outSize + i] as number) + fraction;
    }
  }
  const key = `resize ${mode} ${size} ${outSize} ${alignCorners} ${halfPixelCenters}`;
  return graph.constant("float32", [size, outSize], weights, key);
}

/** Rows of pixels x [N,P,C] at indices [N,Q], each image by its own: [N,Q,C]. */
function gatherPixels(graph: Graph, x: Value, indices: Value): Value {
  const [N, P, C] = x.shape as [number, number, number];
  const images = Int32Array.from({ length: N }, (_, n) => n * P);
  const offsets = graph.constant("int32", [N, 1], images, `images ${N} ${P}`);
  const flat = binaryOp(graph, "Add", indices, offsets);
  return graph.op("Gather", [graph.reshape(x, [N * P, C]), flat], {
    shape: [N, indices.shape[1] as number, C],
    attributes: { axis: { int: 0 } },
  });
}

/** Coordinates brought into the image where the fill mode asks for it. */
function wrapCoordinate(graph: Graph, at: Value, size: number, mode: string): Value {
  const number = (value: number): Value => graph.scalar(value);
  const op = (name: string, a: Value, b: Value): Value => binaryOp(graph, name, a, b);
  const floorOfRatio = (a: Value, b: number): Value => graph.op("Floor", [op("Div", a, number(b))]);
  let inside = at;
  if (mode === "constant") return at;
  if (mode === "reflect") {
    // The image and its mirror repeat every 2·size.
    const period = number(2 * size);
    const phase = op("Sub", at, op("Mul", period, floorOfRatio(at, 2 * size)));
    const mirrored = op("Sub", number(2 * size - 1), phase);
    const second = binaryOp(graph, "GreaterOrEqual", phase, number(size), "bool");
    inside = whereOp(graph, second, mirrored, phase);
  } else if (mode === "wrap" && size > 1) {
    const steps = number(size);
    const left = binaryOp(graph, "Less", at, number(0), "bool");
    const right = binaryOp(graph, "Greater", at, number(size - 1), "bool");
    const turns = floorOfRatio(graph.op("Neg", [at]), size - 1);
    const fromLeft = op("Add", at, op("Mul", steps, op("Add", turns, number(1))));
    const fromRight = op("Sub", at, op("Mul", steps, floorOfRatio(at, size - 1)));
    inside = whereOp(graph, left, fromLeft, whereOp(graph, right, fromRight, at));
  }
  return graph.op("Clip", [inside, number(0), number(size - 1)]);
}

export const imageKernels: Kernels = {
  ResizeBilinear: resize("linear"),
  ResizeNearestNeighbor: resize("nearest"),
  ResizeBilinearGrad: resizeGradient("linear"),
  ResizeNearestNeighborGrad: resizeGradient("nearest"),
  FlipLeftRight: ({ graph, input }) => {
    const image = input("image");
    const width = image.shape[2] as number;
    return gatherConstant(
      graph,
      image,
      Array.from({ length: width }, (_, i) => width - 1 - i),
      2,
    );
  },
  CropAndResize: ({ graph, input, attributes: { cropSize, method, extrapolationValue } }) => {
    const image = graph.cast(input("image"), "float32");
    const boxes = input("boxes");
    const [count, C] = [boxes.shape[0] as number, image.shape[3] as number];
    const crops = graph.op(
      "CropAndResize",
      [
        graph.transpose(image, [0, 3, 1, 2]),
        boxes,
        graph.cast(input("boxInd"), "int32"),
        graph.constant("int32", [2], Int32Array.from(cropSize), cropSize.join()),
      ],
      {
        domain: "com.microsoft",
        shape: [count, C, ...cropSize],
        attributes: {
          mode: { string: method },
          extrapolation_value: { float: extrapolationValue },
        },
      },
    );
    return graph.transpose(crops, [0, 2, 3, 1]);
  },
  RotateWithOffset: ({ graph, input, attributes: { radians, fillValue, center } }) => {
    // Where each output pixel comes from is known now; -1 stands for outside.
    const image = input("image");
    const [N, H, W, C] = image.shape as Four;
    const [centerX, centerY] = backend_util.getImageCenter(center, H, W);
    const [sin, cos] = [Math.sin(radians), Math.cos(radians)];
    const sources = new Int32Array(H * W);
    for (let y = 0; y < H; y++) {
      for (let x = 0; x < W; x++) {
        const [dx, dy] = [x - centerX, y - centerY];
        const fromX = Math.round(dx * cos - dy * sin + centerX);
        const fromY = Math.round(dx * sin + dy * cos + centerY);
        const inside = fromX >= 0 && fromX < W && fromY >= 0 && fromY < H;
        sources[y * W + x] = inside ? fromY * W + fromX : -1;
      }
    }
    // A list of three leaves the fourth channel, if there is one, opaque.
    const fill = Float32Array.from({ length: C }, (_, c) =>
      typeof fillValue === "number" ? fillValue : c === 3 ? 255 : fillValue[c],
    );
    const table = made(sources);
    const rows = graph.op("Max", [table, graph.scalar(0, "int32")]);
    const pixels = graph.op("Gather", [graph.reshape(image, [N, H * W, C]), rows], {
      shape: [N, H * W, C],
      attributes: { axis: { int: 1 } },
    });
    const outside = graph.op("Less", [table, graph.scalar(0, "int32")], { type: "bool" });
    const filled = graph.cast(made(fill), image.type);
    return graph.reshape(
      whereOp(
        graph,
        graph.reshape(outside, [1, H * W, 1]),
        graph.reshape(filled, [1, 1, C]),
        pixels,
      ),
      image.shape,
    );
  },
  Transform: ({
    graph,
    input,
    attributes: { interpolation, fillMode, fillValue, outputShape },
  }) => {
    const image = graph.cast(input("image"), "float32");
    const [N, H, W, C] = image.shape as Four;
    const [height, width] = outputShape ?? [H, W];
    const pixels = graph.reshape(image, [N, H * W, C]);
    const points = height * width;
    const op = (name: string, a: Value, b: Value): Value => binaryOp(graph, name, a, b);
    const number = (value: number): Value => graph.scalar(value);
    const grid = (name: string, at: (i: number) => number): Value =>
      graph.constant(
        "float32",
        [1, points],
        Float32Array.from({ length: points }, (_, i) => at(i)),
        `${name} ${height} ${width}`,
      );
    const outX = grid("columns", (i) => i % width);
    const outY = grid("rows", (i) => Math.floor(i / width));

    // A projective map from output to input: eight numbers an image.
    const transforms = input("transforms");
    const t = (i: number): Value =>
      sliceOp(graph, transforms, [0, i], [transforms.shape[0] as number, 1]);
    const dot = (a: Value, b: Value, c: Value): Value =>
      op("Add", op("Add", op("Mul", a, outX), op("Mul", b, outY)), c);
    const depth = dot(t(6), t(7), number(1));
    const infinite = binaryOp(graph, "Equal", depth, number(0), "bool");
    const projection = whereOp(graph, infinite, number(1), depth);
    const x = wrapCoordinate(graph, op("Div", dot(t(0), t(1), t(2)), projection), W, fillMode);
    const y = wrapCoordinate(graph, op("Div", dot(t(3), t(4), t(5)), projection), H, fillMode);

    const inside = (at: Value, size: number): Value =>
      op(
        "And",
        binaryOp(graph, "GreaterOrEqual", at, number(0), "bool"),
        binaryOp(graph, "Less", at, number(size), "bool"),
      );
    const batched = (value: Value): Value => expandOp(graph, value, [N, points]);
    const clamp = (at: Value, size: number): Value =>
      graph.op("Clip", [at, number(0), number(size - 1)]);
    /** The pixels at whole coordinates, the fill value outside. */
    const read = (atY: Value, atX: Value): Value => {
      const valid = batched(op("And", inside(atY, H), inside(atX, W)));
      const index = op("Add", op("Mul", clamp(atY, H), number(W)), clamp(atX, W));
      const values = gatherPixels(graph, pixels, batched(graph.cast(index, "int32")));
      return whereOp(graph, graph.reshape(valid, [N, points, 1]), values, number(fillValue));
    };
    const floor = (at: Value): Value => graph.op("Floor", [at]);
    let result: Value;
    if (interpolation === "nearest") {
      const round = (at: Value): Value => floor(op("Add", at, number(0.5)));
      result = read(round(y), round(x));
    } else {
      const [top, left] = [floor(y), floor(x)];
      const [bottom, right] = [op("Add", top, number(1)), op("Add", left, number(1))];
      const column = (value: Value): Value => graph.reshape(batched(value), [N, points, 1]);
      const mix = (a: Value, b: Value, part: Value): Value =>
        op("Add", a, op("Mul", op("Sub", b, a), part));
      const [dx, dy] = [column(op("Sub", x, left)), column(op("Sub", y, top))];
      result = mix(
        mix(read(top, left), read(top, right), dx),
        mix(read(bottom, left), read(bottom, right), dx),
        dy,
      );
    }
    const somewhere = whereOp(
      graph,
      graph.reshape(batched(infinite), [N, points, 1]),
      number(fillValue),
      result,
    );
    return graph.cast(graph.reshape(somewhere, [N, height, width, C]), input("image").type);
  },
};
