import type { Attributes } from "../onnx/types.ts";

export interface ConvGeometry {
  kernel: [height: number, width: number];
  strides: [height: number, width: number];
  dilations: [height: number, width: number];
  /** Before and after: top, left, bottom, right. */
  pads: [top: number, left: number, bottom: number, right: number];
}

export function geometryOf(attributes: Attributes): ConvGeometry {
  const ints = (name: string): never => (attributes[name] as { ints: number[] }).ints as never;
  return {
    kernel: ints("kernel"),
    strides: ints("strides"),
    dilations: ints("dilations"),
    pads: ints("pads"),
  };
}

/** A 1×1 convolution that moves nothing is a matrix product. */
export function isPointwise({ kernel, strides, pads }: ConvGeometry): boolean {
  return [...kernel, ...strides].every((n) => n === 1) && pads.every((n) => n === 0);
}
