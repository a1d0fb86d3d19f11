import { tensor, type Tensor } from "@gen/tensor";
import type { SamplerState } from "./sampler.ts";

/** A sampler's state as JSON. */
export interface SamplerStateJSON {
  readonly index: number;
  readonly shape: readonly number[];
  /** The numbers of x; float32 survives the way through decimal digits exactly. */
  readonly data: readonly number[];
}

/** Reads a state's numbers. */
export async function stateToJSON({ index, x }: SamplerState<Tensor>): Promise<SamplerStateJSON> {
  return { index, shape: [...x.shape], data: Array.from(await x.data()) };
}

/**
 * Makes the state that was written, to be given to `sample` or `trajectory`. The caller disposes of its x.
 *
 * @throws if the numbers do not fill the shape
 */
export function stateFromJSON({ index, shape, data }: SamplerStateJSON): SamplerState<Tensor> {
  const size = shape.reduce((product, n) => product * n, 1);
  if (size !== data.length) {
    throw new Error(
      `stateFromJSON: the shape [${shape.join(", ")}] holds ${size} numbers, got ${data.length}`,
    );
  }
  return { index, x: tensor(Float32Array.from(data), [...shape]) };
}
