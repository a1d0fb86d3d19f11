import type { Tensor } from "@gen/tensor";

/** Fails unless labels are given exactly where a network was made with classes, one for each example. */
export function expectLabels(
  caller: string,
  classes: number,
  batch: number,
  labels?: Tensor,
): void {
  if (classes === 0 && !labels) return;
  if (classes > 0 && labels?.dtype === "int32" && labels.rank === 1 && labels.shape[0] === batch) {
    return;
  }
  const given = labels ? `${labels.dtype} [${labels.shape.join(", ")}]` : "none";
  throw new Error(
    classes === 0
      ? `${caller}: labels were given to a network made without classes; make it with \`classes\``
      : `${caller}: labels must be int32 [${batch}], got ${given}`,
  );
}
