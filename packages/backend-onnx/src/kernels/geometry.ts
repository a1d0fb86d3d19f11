import type { backend_util } from "@tensorflow/tfjs-core";
import type { Attributes } from "../onnx/types.ts";

/** How windows lie over the spatial axes of an image or a volume. */
export interface Geometry {
  /** Sizes of the input without batch and channels. */
  space: number[];
  /** Sizes of the output without batch and channels. */
  outSpace: number[];
  kernel: number[];
  strides: number[];
  dilations: number[];
  /** Padding before and after, along each axis. */
  before: number[];
  after: number[];
}

/** What pooling and convolution attributes of TensorFlow.js mean for an input [batch, ...space, channels]. */
export function geometryOf2D(info: backend_util.Conv2DInfo): Geometry {
  const { top, left, bottom, right } = info.padInfo;
  return {
    space: [info.inHeight, info.inWidth],
    outSpace: [info.outHeight, info.outWidth],
    kernel: [info.filterHeight, info.filterWidth],
    strides: [info.strideHeight, info.strideWidth],
    dilations: [info.dilationHeight, info.dilationWidth],
    before: [top, left],
    after: [bottom, right],
  };
}

export function geometryOf3D(info: backend_util.Conv3DInfo): Geometry {
  const { front, top, left, back, bottom, right } = info.padInfo;
  return {
    space: [info.inDepth, info.inHeight, info.inWidth],
    outSpace: [info.outDepth, info.outHeight, info.outWidth],
    kernel: [info.filterDepth, info.filterHeight, info.filterWidth],
    strides: [info.strideDepth, info.strideHeight, info.strideWidth],
    dilations: [info.dilationDepth, info.dilationHeight, info.dilationWidth],
    before: [front, top, left],
    after: [back, bottom, right],
  };
}

/** The same for ONNX's operators. */
export function windowAttributes(geometry: Geometry): Attributes {
  const { kernel, strides, dilations, before, after } = geometry;
  return {
    kernel_shape: { ints: kernel },
    strides: { ints: strides },
    dilations: { ints: dilations },
    pads: { ints: [...before, ...after] },
  };
}

/** Axes of [batch, channels, ...space] in the order of ours, and back. */
export function channelsFirst(rank: number): number[] {
  return [0, rank + 1, ...Array.from({ length: rank }, (_, i) => i + 1)];
}

export function channelsLast(rank: number): number[] {
  return [0, ...Array.from({ length: rank }, (_, i) => i + 2), 1];
}
