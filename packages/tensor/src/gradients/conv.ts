import { type GradConfig, stridedSlice, type Tensor } from "@tensorflow/tfjs-core";
import { type ConvShape, depthwiseInputGradient, filterGradient } from "./conv-by-taps.ts";
import { gradient, hasKernel, runKernel } from "./define.ts";
import { interleave } from "./interleave.ts";

interface Attrs extends Pick<ConvShape, "strides" | "pad" | "dimRoundingMode"> {
  dataFormat?: string;
  dilations?: number | number[];
}

/**
 * A convolution y = C(x, w) and its two transposes, dx = I(dy, w) and dw = F(x, dy), are the three derivatives of one
 * form <dy, C(x, w)> that is linear in each of x, w and dy. So the gradients of all three are again these three, and
 * derivatives of any order exist.
 *
 * A dilated convolution is the undilated one of a filter with zeros between its elements: the transposes know no
 * dilation (TensorFlow.js ignores or refuses it there).
 */
function convolution(
  forward: string,
  toInput: string,
  toFilter: string,
  spatialRank: number,
): GradConfig[] {
  const depthwise = forward === "DepthwiseConv2dNative";
  const plain = ({ strides, pad, dataFormat, dimRoundingMode }: Attrs): object => ({
    strides,
    pad,
    dataFormat: dataFormat ?? (spatialRank === 3 ? "NDHWC" : "NHWC"),
    dimRoundingMode,
    dilations: Array.from({ length: spatialRank }, () => 1),
  });
  const C = (x: Tensor, filter: Tensor, attrs: Attrs): Tensor =>
    runKernel(forward, { x, filter }, plain(attrs));
  const shapeOf = (input: number[], filter: number[], attrs: Attrs): ConvShape => ({
    ...attrs,
    input,
    filter,
    depthwise,
  });
  const I = (dy: Tensor, filter: Tensor, inputShape: number[], attrs: Attrs): Tensor =>
    depthwise && !hasKernel(toInput)
      ? depthwiseInputGradient(dy, filter, shapeOf(inputShape, filter.shape, attrs))
      : runKernel(toInput, { dy, filter }, { ...plain(attrs), inputShape });
  const F = (x: Tensor, dy: Tensor, filterShape: number[], attrs: Attrs): Tensor =>
    spatialRank === 2 && !hasKernel(toFilter)
      ? filterGradient(x, dy, shapeOf(x.shape, filterShape, attrs))
      : runKernel(toFilter, { x, dy }, { ...plain(attrs), filterShape });

  return [
    gradient<"x" | "filter", Attrs>(forward, ["x", "filter"], (dy, { x, filter }, attrs) => {
      const d = dilationsOf(attrs, spatialRank);
      return {
        x: () => I(dy, dilate(filter, d), x.shape, attrs),
        filter: () => undilate(F(x, dy, dilatedShape(filter.shape, d), attrs), d),
      };
    }),
    gradient<"dy" | "filter", Attrs>(toInput, ["dy", "filter"], (ddx, { dy, filter }, attrs) => ({
      dy: () => C(ddx, filter, attrs),
      filter: () => F(ddx, dy, filter.shape, attrs),
    })),
    gradient<"x" | "dy", Attrs>(toFilter, ["x", "dy"], (ddw, { x, dy }, attrs) => ({
      x: () => I(dy, ddw, x.shape, attrs),
      dy: () => C(x, ddw, attrs),
    })),
  ];
}

function dilationsOf({ dilations = 1 }: Attrs, spatialRank: number): number[] {
  return typeof dilations === "number"
    ? Array.from({ length: spatialRank }, () => dilations)
    : dilations;
}

function dilatedShape(shape: readonly number[], dilations: readonly number[]): number[] {
  return shape.map((n, i) => (n - 1) * (dilations[i] ?? 1) + 1);
}

function dilate(filter: Tensor, dilations: readonly number[]): Tensor {
  return dilations.reduce((w, d, axis) => interleave(w, axis, d), filter);
}

function undilate(filter: Tensor, dilations: readonly number[]): Tensor {
  if (dilations.every((d) => d === 1)) return filter;
  const strides = filter.shape.map((_, i) => dilations[i] ?? 1);
  return stridedSlice(
    filter,
    filter.shape.map(() => 0),
    filter.shape,
    strides,
  );
}

export const convGradients: readonly GradConfig[] = [
  ...convolution("Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter", 2),
  ...convolution(
    "DepthwiseConv2dNative",
    "DepthwiseConv2dNativeBackpropInput",
    "DepthwiseConv2dNativeBackpropFilter",
    2,
  ),
  ...convolution("Conv3D", "Conv3DBackpropInputV2", "Conv3DBackpropFilterV2", 3),
];
