import {
  avgPool,
  div,
  getKernel,
  type KernelConfig,
  type NamedAttrMap,
  type NamedTensorMap,
  onesLike,
  pad,
  registerKernel,
  slice,
  type Tensor,
  type Tensor4D,
  tidy,
  unregisterKernel,
} from "@tensorflow/tfjs-core";
import { runKernel } from "./gradients/define.ts";

// TensorFlow's kernels for Node know the paddings "same" and "valid", and refuse numbers (which `Conv2D` alone takes for
// each side). Here images are padded first, and the kernel is called with "valid".

type Paddings = [number, number][];
type Run = (inputs: NamedTensorMap, attrs?: object) => Tensor;
type Padded = (inputs: NamedTensorMap, attrs: NamedAttrMap, paddings: Paddings, run: Run) => Tensor;

const paddedInput: Padded = ({ x, ...others }, _attrs, paddings, run) =>
  run({ x: pad(x as Tensor, paddings), ...others });

/** The gradient by the padded image, without its border. */
const cutGradient: Padded = (inputs, { inputShape }, paddings, run) => {
  const shape = inputShape as number[];
  const padded = shape.map((size, axis) => size + paddings[axis]![0] + paddings[axis]![1]);
  return slice(
    run(inputs, { inputShape: padded }),
    paddings.map(([before]) => before),
    shape,
  );
};

const kernels: Readonly<Record<string, Padded>> = {
  Conv2D: paddedInput,
  Conv2DBackpropFilter: paddedInput,
  Conv2DBackpropInput: cutGradient,
  DepthwiseConv2dNative: paddedInput,
  DepthwiseConv2dNativeBackpropFilter: paddedInput,
  DepthwiseConv2dNativeBackpropInput: cutGradient,
  MaxPool: ({ x }, _attrs, paddings, run) => run({ x: pad(x as Tensor, paddings, -3.4e38) }),
  // Padding does not count in a mean.
  AvgPool: ({ x }, { filterSize, strides }, paddings, run) => {
    const inside = pad(onesLike(x as Tensor), paddings) as Tensor4D;
    const share = avgPool(inside, filterSize as number, strides as number, "valid");
    return div(run({ x: pad(x as Tensor, paddings) }), share);
  },
};

/** Makes the backend "tensorflow" take paddings that are numbers; where it takes them already, nothing changes. */
export function padForTensorFlow(): void {
  for (const [name, padded] of Object.entries(kernels)) {
    const config = getKernel(name, "tensorflow");
    if (config) replaceKernel(config, padded);
  }
}

function replaceKernel(config: KernelConfig, padded: Padded): void {
  const { kernelName, backendName, kernelFunc } = config;
  unregisterKernel(kernelName, backendName);
  registerKernel({
    ...config,
    kernelFunc: (call) => {
      const attrs = call.attrs as NamedAttrMap;
      const paddings = paddingsOf(attrs);
      if (!paddings) return kernelFunc(call);
      return tidy(() =>
        padded(call.inputs as NamedTensorMap, attrs, paddings, (inputs, changed) =>
          runKernel(kernelName, inputs, { ...attrs, ...changed, pad: "valid" }),
        ),
      );
    },
  });
}

/** The paddings of an NHWC image, where they are numbers. */
function paddingsOf({ pad: given, dataFormat = "NHWC" }: NamedAttrMap): Paddings | undefined {
  if (typeof given === "string" || dataFormat !== "NHWC") return undefined;
  if (typeof given !== "number") return given as Paddings;
  const sides: [number, number] = [given, given];
  return [[0, 0], sides, sides, [0, 0]];
}
