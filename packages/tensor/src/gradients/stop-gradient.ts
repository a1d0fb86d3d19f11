import { engine, type Tensor } from "@tensorflow/tfjs-core";

/**
 * The same numbers as a constant: no gradient flows through it, and none is computed for what it was made of.
 *
 * @returns a new tensor that shares its data with `x`; the caller disposes of it
 */
export function stopGradient<T extends Tensor>(x: T): T {
  // A second handle on the same data, which the tape has never seen.
  const handle = engine().makeTensorFromTensorInfo(x);
  engine().backend.incRef(x.dataId);
  return handle as T;
}
