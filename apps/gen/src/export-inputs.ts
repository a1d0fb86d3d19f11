import { type Tensor, zeros } from "@gen/tensor";
import type { Examples } from "./examples.ts";

/** An example of each input: only types and shapes count. */
export function exampleInput({ shape }: Examples, batch: number): Tensor {
  return zeros([batch, ...shape]);
}

/** The labels, where there are classes. */
export function labelInputs({ classes }: Examples, batch: number): Tensor[] {
  return classes > 0 ? [zeros([batch], "int32")] : [];
}

/** Their name. */
export function labelNames({ classes }: Examples): string[] {
  return classes > 0 ? ["labels"] : [];
}
