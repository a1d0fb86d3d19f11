import type { StoredTensor } from "@gen/safetensors";
import { type Tensor, tensor, type Variable } from "@gen/tensor";
import { DTYPES } from "./dtypes.ts";

/**
 * Assigns variables the numbers of tensors of exactly the same names, shapes and types. When any differ, it throws an
 * error that lists them, and assigns nothing.
 *
 * @param source what the error calls the origin of the tensors
 */
export function loadState(
  variables: Record<string, Variable>,
  tensors: Record<string, StoredTensor>,
  source = "the checkpoint",
): void {
  const problems: string[] = [];
  for (const [name, variable] of Object.entries(variables)) {
    const wanted = `${DTYPES[variable.dtype]} [${variable.shape.join(", ")}]`;
    const found = tensors[name];
    const given = found && `${found.dtype} [${found.shape.join(", ")}]`;
    if (!given) problems.push(`${name} ${wanted} is missing`);
    else if (given !== wanted) problems.push(`${name} is ${given} where the model has ${wanted}`);
  }
  for (const [name, { dtype, shape }] of Object.entries(tensors)) {
    if (!Object.hasOwn(variables, name))
      problems.push(`${name} ${dtype} [${shape.join(", ")}] is not in the model`);
  }
  if (problems.length > 0) {
    throw new Error(`loadState: ${source} is of another model: ${problems.join("; ")}`);
  }
  for (const [name, variable] of Object.entries(variables)) {
    const loaded: Tensor = tensor(
      tensors[name]!.data.slice() as Float32Array,
      variable.shape,
      variable.dtype,
    );
    variable.assign(loaded);
    loaded.dispose();
  }
}
