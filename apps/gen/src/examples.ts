import * as v from "valibot";

/** What the examples of a data set look like: with the configuration, all that is needed to build a model. */
export const examplesSchema = v.strictObject({
  /** One image [height, width, channels], or one point [numbers]. */
  shape: v.pipe(
    v.array(v.pipe(v.number(), v.integer(), v.minValue(1))),
    v.minLength(1),
    v.maxLength(3),
  ),
  /** How many labels there are; 0 for none. */
  classes: v.pipe(v.number(), v.integer(), v.minValue(0)),
});

export type Examples = v.InferOutput<typeof examplesSchema>;

/** How many numbers one example holds. */
export function sizeOf({ shape }: Examples): number {
  return shape.reduce((product, n) => product * n, 1);
}
