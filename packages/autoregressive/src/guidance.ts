import { add, fill, mul, splitTensor, sub, type Tensor } from "@gen/tensor";

/** Classifier-free guidance (Ho and Salimans 2022, arXiv:2207.12598), of a model trained with `dropLabels`. */
export interface Guidance {
  /** Predictions are p(none) + scale·(p(label) − p(none)). 1 is none. */
  readonly scale: number;
}

/** The scale, 1 where there is no guidance. Fails if it is not finite, or the model has no classes. */
export function guidanceScale(
  caller: string,
  guidance: Guidance | undefined,
  classes: number,
): number {
  const scale = guidance?.scale ?? 1;
  if (Number.isFinite(scale) && (scale === 1 || classes > 0)) return scale;
  throw new Error(
    `${caller}: guidance needs a finite scale and a model with classes, got ${scale} and ${classes} classes`,
  );
}

/** One prediction of those for a doubled batch, whose first half was told the labels. Inside a tidy. */
export function guided(both: Tensor, scale: number): Tensor {
  const [labelled, none] = splitTensor(both, 2) as [Tensor, Tensor];
  return add(none, mul(sub(labelled, none), scale));
}

/** The label that says «no label», once for each: int32 [batch]. */
export const noLabels = (batch: number, classes: number): Tensor => fill([batch], classes, "int32");
