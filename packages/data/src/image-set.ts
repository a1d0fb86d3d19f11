/** Images of one size, with or without labels. */
export interface ImageSet {
  /** Row-major [count, height, width, channels]. */
  images: Uint8Array;
  /** [count], each an index into `classes`. */
  labels?: Int32Array;
  /** The names of the classes. */
  classes?: readonly string[];
  count: number;
  height: number;
  width: number;
  channels: number;
}

/** Refuses labels that are not indices into the classes; `caller` begins the sentence. */
export function checkLabels(
  labels: ArrayLike<number>,
  classes: readonly string[],
  caller: string,
): void {
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] as number;
    if (!Number.isInteger(label) || label < 0 || label >= classes.length) {
      throw new Error(
        `${caller}: label ${i} is ${label}, expected an integer in [0, ${classes.length})`,
      );
    }
  }
}

/** The names of the ten digits. */
export const DIGITS: readonly string[] = Array.from({ length: 10 }, (_, digit) => String(digit));
