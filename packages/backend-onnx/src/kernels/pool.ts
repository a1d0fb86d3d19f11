import { backend_util } from "@tensorflow/tfjs-core";
import type { Kernel, Kernels } from "./kernel.ts";

/** Pooling of x [N,H,W,C]. An average counts only what lies inside the image. */
function pool(op: string): Kernel {
  return ({ graph, input, attributes: { filterSize, strides, pad, dimRoundingMode } }) => {
    const x = input("x");
    const info = backend_util.computePool2DInfo(
      [...x.shape] as [number, number, number, number],
      filterSize,
      strides,
      1,
      pad,
      dimRoundingMode,
    );
    const { top, left, bottom, right } = info.padInfo;
    const pooled = graph.op(op, [graph.transpose(x, [0, 3, 1, 2])], {
      shape: [info.batchSize, info.outChannels, info.outHeight, info.outWidth],
      attributes: {
        kernel_shape: { ints: [info.filterHeight, info.filterWidth] },
        strides: { ints: [info.strideHeight, info.strideWidth] },
        pads: { ints: [top, left, bottom, right] },
      },
    });
    return graph.transpose(pooled, [0, 2, 3, 1]);
  };
}

/** Resizing of images [N,H,W,C]. */
function resize(mode: "linear" | "nearest"): Kernel {
  return ({ graph, input, attributes: { size, alignCorners, halfPixelCenters } }) => {
    const images = graph.cast(input("images"), "float32");
    const [n, , , c] = images.shape as [number, number, number, number];
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

export const poolKernels: Kernels = {
  AvgPool: pool("AveragePool"),
  MaxPool: pool("MaxPool"),
  ResizeBilinear: resize("linear"),
  ResizeNearestNeighbor: resize("nearest"),
};
