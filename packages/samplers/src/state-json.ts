import { keyFromJSON, tensor, type Tensor } from "@gen/tensor";
import type { SamplerState } from "./sampler.ts";

/** A tensor's shape and numbers; float32 survives the way through decimal digits exactly. */
export interface TensorJSON {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** A sampler's state as JSON. */
export interface SamplerStateJSON extends TensorJSON {
  readonly index: number;
  readonly key?: readonly [hi: number, lo: number];
  readonly history?: readonly TensorJSON[];
  readonly control?: readonly number[];
}

/** Reads a state's numbers. The state stays as it is. */
export async function stateToJSON(state: SamplerState<Tensor>): Promise<SamplerStateJSON> {
  const { index, x, key, history, control } = state;
  return {
    index,
    ...(await write(x)),
    ...(key && { key: key.toJSON() }),
    ...(history && { history: await Promise.all(history.map(write)) }),
    ...(control && { control: [...control] }),
  };
}

/**
 * Makes the state that was written, to be given to `sample` or `trajectory`. The caller disposes of its x and of its
 * history.
 *
 * @throws if the numbers do not fill a shape
 */
export function stateFromJSON(json: SamplerStateJSON): SamplerState<Tensor> {
  const { index, key, history, control } = json;
  return {
    index,
    x: read(json),
    ...(key && { key: keyFromJSON(key) }),
    ...(history && { history: history.map(read) }),
    ...(control && { control: [...control] }),
  };
}

async function write(x: Tensor): Promise<TensorJSON> {
  return { shape: [...x.shape], data: Array.from(await x.data()) };
}

function read({ shape, data }: TensorJSON): Tensor {
  const size = shape.reduce((product, n) => product * n, 1);
  if (size !== data.length) {
    throw new Error(
      `stateFromJSON: the shape [${shape.join(", ")}] holds ${size} numbers, got ${data.length}`,
    );
  }
  return tensor(Float32Array.from(data), [...shape]);
}
