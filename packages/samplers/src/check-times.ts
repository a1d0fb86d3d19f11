/** @throws unless the times are at least two, finite, falling and not below 0. */
export function checkTimes(name: string, times: readonly number[]): void {
  if (times.length < 2) {
    throw new Error(`${name}: times must hold at least 2 numbers (one step), got ${times.length}`);
  }
  times.forEach((t, i) => {
    const previous = times[i - 1] ?? Infinity;
    if (!(t >= 0 && t < previous)) {
      throw new Error(
        `${name}: times must fall from noise to data and not go below 0, got ${t} after ${previous} at place ${i}`,
      );
    }
  });
}
