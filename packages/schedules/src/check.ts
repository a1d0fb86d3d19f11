/** @throws unless the value is a positive, finite number */
export function checkPositive(name: string, argument: string, value: number): void {
  if (!(value > 0 && value < Infinity)) {
    throw new Error(`${name}: ${argument} must be a positive number, got ${value}`);
  }
}

/** @throws unless the value is an integer of at least `least` */
export function checkCount(name: string, argument: string, value: number, least = 1): void {
  if (Number.isInteger(value) && value >= least) return;
  const wanted = least === 1 ? "a positive integer" : `an integer of at least ${least}`;
  throw new Error(`${name}: ${argument} must be ${wanted}, got ${value}`);
}

/** @throws unless 0 < low < high < ∞ */
export function checkRange(
  name: string,
  [lowName, low]: readonly [string, number],
  [highName, high]: readonly [string, number],
): void {
  checkPositive(name, lowName, low);
  if (!(high > low && high < Infinity)) {
    throw new Error(`${name}: ${highName} must be above ${lowName} = ${low}, got ${high}`);
  }
}

/** @throws unless the time is on the path, [0, end] */
export function checkTime(name: string, path: { name: string; end: number }, t: number): void {
  if (!(t >= 0 && t <= path.end)) {
    throw new Error(
      `${name}: t must be a time of the path ${path.name}, in [0, ${path.end}], got ${t}`,
    );
  }
}
