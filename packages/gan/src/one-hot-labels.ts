import { cast, oneHot, type Tensor, type Tensor1D } from "@gen/tensor";

/** Labels as vectors [batch, classes], or nothing for a player without classes; labels and classes go together. */
export function oneHotLabels(
  caller: string,
  labels: Tensor | undefined,
  classes: number | undefined,
): Tensor | undefined {
  if (!labels !== !classes) {
    throw new Error(
      labels
        ? `${caller}: labels were given to a player made without classes`
        : `${caller}: this player was made with ${classes} classes and needs labels, int32 [batch]`,
    );
  }
  return labels && cast(oneHot(labels as Tensor1D, classes as number), "float32");
}
