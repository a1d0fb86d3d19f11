/** Fails unless all numbers are finite and at least 0. */
export function nonNegative(caller: string, numbers: Record<string, number>): void {
  for (const [name, value] of Object.entries(numbers)) {
    if (value >= 0 && value < Infinity) continue;
    throw new Error(`${caller}: ${name} must be a finite number of at least 0, got ${value}`);
  }
}
