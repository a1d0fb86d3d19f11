/** A number that depends on the batch size n: `times`·n + `plus`. */
export interface Sized {
  times: number;
  plus: number;
}

/**
 * The line through numbers that were seen at several batch sizes.
 *
 * @returns undefined if they lie on none, or on one that is not whole
 */
export function fit(numbers: readonly number[], sizes: readonly number[]): Sized | undefined {
  const [first, second = first] = numbers as [number, number?];
  if (numbers.every((n) => n === first)) return { times: 0, plus: first };
  const [n0, n1] = sizes as [number, number];
  const times = (second - first) / (n1 - n0);
  const plus = first - times * n0;
  const onLine = numbers.every((n, i) => n === times * (sizes[i] as number) + plus);
  return onLine && Number.isInteger(times) ? { times, plus } : undefined;
}

/** A size as a model file writes it: fixed, or by name. */
export function sizeName({ times, plus }: Sized): number | string {
  if (times === 0) return plus;
  const product = times === 1 ? "batch" : `${times}*batch`;
  return plus === 0 ? product : `${product}${plus < 0 ? "" : "+"}${plus}`;
}
