import {
  engine,
  getKernel,
  type GradConfig,
  type NamedAttrMap,
  type NamedTensorMap,
  type Tensor,
} from "@tensorflow/tfjs-core";

/** For each input of a kernel, how its gradient is made: called only when that input needs one. */
export type InputGradients = Record<string, () => Tensor>;

/**
 * The gradient of a kernel with named inputs and one output. Only inputs are saved, never the output: TensorFlow.js
 * records a saved output as a constant, which makes second derivatives wrong.
 *
 * @param inputs the inputs that the rule needs
 * @param rule answers fresh tensors (never `dy` itself: the caller disposes of what it gets)
 */
export function gradient<Name extends string, Attrs = unknown>(
  kernelName: string,
  inputs: readonly Name[],
  rule: (dy: Tensor, inputs: Record<Name, Tensor>, attrs: Attrs) => InputGradients,
): GradConfig {
  return {
    kernelName,
    inputsToSave: [...inputs],
    gradFunc: (dy, saved, attrs) => {
      const named = Object.fromEntries(inputs.map((name, i) => [name, saved[i]])) as Record<
        Name,
        Tensor
      >;
      return rule(dy as Tensor, named, attrs as unknown as Attrs);
    },
  };
}

/** The gradient of a kernel whose inputs are a list. */
export function gradientOfList<Attrs = unknown>(
  kernelName: string,
  rule: (dy: Tensor, inputs: Tensor[], attrs: Attrs) => (() => Tensor)[],
): GradConfig {
  return {
    kernelName,
    saveAllInputs: true,
    gradFunc: (dy, saved, attrs) =>
      Object.fromEntries(rule(dy as Tensor, saved, attrs as unknown as Attrs).entries()),
  };
}

/** The gradient of a kernel with one input and a list of outputs. */
export function gradientOfOutputs<Name extends string, Attrs = unknown>(
  kernelName: string,
  input: Name,
  rule: (dys: Tensor[], input: Tensor, attrs: Attrs) => Tensor,
): GradConfig {
  return {
    kernelName,
    inputsToSave: [input],
    gradFunc: (dy, saved, attrs) => {
      const dys = Array.isArray(dy) ? dy : [dy];
      return { [input]: () => rule(dys, saved[0] as Tensor, attrs as unknown as Attrs) };
    },
  };
}

/** Runs a kernel that no public operation gives access to. */
export function runKernel(
  kernelName: string,
  inputs: Record<string, Tensor>,
  attrs: object,
): Tensor {
  return engine().runKernel(kernelName, inputs as NamedTensorMap, attrs as NamedAttrMap) as Tensor;
}

/** The same for a kernel with a list of results, and inputs that may be left out. */
export function runKernels(
  kernelName: string,
  inputs: Readonly<Record<string, Tensor | undefined>>,
  attrs: object,
): Tensor[] {
  const given = Object.entries(inputs).filter(([, tensor]) => tensor !== undefined);
  const named = Object.fromEntries(given) as NamedTensorMap;
  return engine().runKernel(kernelName, named, attrs as NamedAttrMap) as Tensor[];
}

/** Whether the backend in use has a kernel. */
export function hasKernel(kernelName: string): boolean {
  return getKernel(kernelName, engine().backendName) !== undefined;
}
