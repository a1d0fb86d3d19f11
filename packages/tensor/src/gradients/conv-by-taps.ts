import {
  addN,
  backend_util,
  concat,
  matMul,
  mul,
  pad,
  reshape,
  slice,
  stack,
  stridedSlice,
  sum,
  type Tensor,
} from "@tensorflow/tfjs-core";
import { interleave } from "./interleave.ts";

// The gradients of convolutions out of plain operations, for backends that have no kernel for them (TensorFlow.js's
// wasm): one slice of the image for each element ("tap") of the filter.

/** What a gradient needs to know of an undilated NHWC convolution. */
export interface ConvShape {
  input: number[];
  filter: number[];
  strides: number | [number, number];
  pad: "same" | "valid" | number;
  dimRoundingMode?: "floor" | "round" | "ceil" | undefined;
  depthwise: boolean;
}

type Four = [number, number, number, number];

function infoOf({
  input,
  filter,
  strides,
  pad,
  dimRoundingMode,
  depthwise,
}: ConvShape): backend_util.Conv2DInfo {
  return backend_util.computeConv2DInfo(
    input as Four,
    filter as Four,
    strides,
    1,
    pad,
    dimRoundingMode,
    depthwise,
  );
}

const tapsOf = (info: backend_util.Conv2DInfo): [number, number][] =>
  Array.from({ length: info.filterHeight * info.filterWidth }, (_, t) => [
    Math.floor(t / info.filterWidth),
    t % info.filterWidth,
  ]);

/** For each tap, the pixels [positions, channels] that it is multiplied with. */
function pixels(x: Tensor, info: backend_util.Conv2DInfo): Tensor[] {
  const { padInfo, batchSize, inChannels, outHeight, outWidth, strideHeight, strideWidth } = info;
  const padded = pad(x, [
    [0, 0],
    [padInfo.top, padInfo.bottom],
    [padInfo.left, padInfo.right],
    [0, 0],
  ]);
  return tapsOf(info).map(([i, j]) => {
    const end = [
      i + (outHeight - 1) * strideHeight + 1,
      j + (outWidth - 1) * strideWidth + 1,
    ] as const;
    const strides = [1, strideHeight, strideWidth, 1];
    const part = stridedSlice(padded, [0, i, j, 0], [batchSize, ...end, inChannels], strides);
    return reshape(part, [batchSize * outHeight * outWidth, inChannels]);
  });
}

/** The gradient of a convolution with respect to its filter. */
export function filterGradient(x: Tensor, dy: Tensor, shape: ConvShape): Tensor {
  const info = infoOf(shape);
  const taps = pixels(x, info);
  const [, , inChannels, last] = shape.filter as Four;
  const positions = dy.size / info.outChannels;
  if (!shape.depthwise) {
    const product = matMul(concat(taps, 1), reshape(dy, [positions, last]), true);
    return reshape(product, shape.filter);
  }
  const each = reshape(stack(taps, 1), [positions, taps.length, inChannels, 1]);
  const d = reshape(dy, [positions, 1, inChannels, last]);
  return reshape(sum(mul(each, d), 0), shape.filter);
}

/** The gradient of a depthwise convolution with respect to its input. */
export function depthwiseInputGradient(dy: Tensor, filter: Tensor, shape: ConvShape): Tensor {
  const info = infoOf(shape);
  const { batchSize, outHeight, outWidth, inChannels, inHeight, inWidth, padInfo } = info;
  const multiplier = shape.filter[3] as number;
  const height = padInfo.top + inHeight + padInfo.bottom;
  const width = padInfo.left + inWidth + padInfo.right;
  const d = reshape(dy, [batchSize * outHeight * outWidth, inChannels, multiplier]);
  const parts = tapsOf(info).map(([i, j]) => {
    const w = reshape(slice(filter, [i, j, 0, 0], [1, 1, -1, -1]), [inChannels, multiplier]);
    const part = reshape(sum(mul(d, w), 2), [batchSize, outHeight, outWidth, inChannels]);
    const spread = interleave(interleave(part, 1, info.strideHeight), 2, info.strideWidth);
    return pad(spread, [
      [0, 0],
      [i, height - i - (spread.shape[1] as number)],
      [j, width - j - (spread.shape[2] as number)],
      [0, 0],
    ]);
  });
  return slice(addN(parts), [0, padInfo.top, padInfo.left, 0], shape.input);
}
