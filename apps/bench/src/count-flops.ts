import {
  getKernelsForBackend,
  type KernelFunc,
  registerKernel,
  type TensorInfo,
  unregisterKernel,
} from "@tensorflow/tfjs-core";

type Inputs = Record<string, TensorInfo>;

/** Multiplications and additions of products and convolutions, two for each pair, by TensorFlow.js's kernels. */
const kernelFlops: Record<string, (inputs: Inputs, attrs: never, output: TensorInfo) => number> = {
  BatchMatMul: ({ a }, { transposeA }: { transposeA: boolean }, output) =>
    2 * size(output) * (a!.shape.at(transposeA ? -2 : -1) as number),
  Conv2D: ({ filter }, _attrs, output) => 2 * size(output) * area(filter!),
  Conv2DBackpropInput: ({ dy, filter }) => 2 * size(dy!) * area(filter!),
  Conv2DBackpropFilter: ({ dy }, _attrs, output) => 2 * size(dy!) * area(output),
};

const size = ({ shape }: TensorInfo): number => shape.reduce((product, n) => product * n, 1);

/** Of a filter [height, width, in, out], how many numbers of the input an output is a sum over. */
const area = (filter: TensorInfo): number => size(filter) / (filter.shape[3] as number);

/**
 * Counts the operations that a backend is asked for while `act` runs, replays of compiled functions apart. Products and
 * convolutions alone, as PyTorch's flop counter does.
 */
export async function countFlops(backend: string, act: () => Promise<void>): Promise<number> {
  let flops = 0;
  const originals = getKernelsForBackend(backend).filter(
    ({ kernelName }) => kernelName in kernelFlops,
  );
  for (const kernel of originals) {
    const count = kernelFlops[kernel.kernelName]!;
    const kernelFunc: KernelFunc = (params) => {
      const output = kernel.kernelFunc(params);
      flops += count(params.inputs as Inputs, params.attrs as never, output as TensorInfo);
      return output;
    };
    unregisterKernel(kernel.kernelName, backend);
    registerKernel({ ...kernel, kernelFunc });
  }
  try {
    await act();
  } finally {
    for (const kernel of originals) {
      unregisterKernel(kernel.kernelName, backend);
      registerKernel(kernel);
    }
  }
  return flops;
}
