import type { StoredTensor } from "@gen/safetensors";
import type { Variable } from "@gen/tensor";
import { DTYPES } from "./dtypes.ts";

/**
 * The numbers of variables, as a checkpoint holds them.
 *
 * @returns also the first variable that has an infinite number or NaN, if there is one
 */
export async function readState(variables: Record<string, Variable>): Promise<{
  tensors: Record<string, StoredTensor>;
  nonFinite: { name: string; value: number } | undefined;
}> {
  const tensors: Record<string, StoredTensor> = {};
  let nonFinite: { name: string; value: number } | undefined;
  for (const [name, variable] of Object.entries(variables)) {
    const dtype = DTYPES[variable.dtype];
    if (!dtype) {
      throw new Error(
        `train: the state must be float32, int32 or bool, got ${name} of ${variable.dtype}`,
      );
    }
    const data = await variable.data();
    const value = data.find((number) => !Number.isFinite(number));
    if (value !== undefined) nonFinite ??= { name, value };
    tensors[name] = { dtype, shape: [...variable.shape], data } as StoredTensor;
  }
  return { tensors, nonFinite };
}
