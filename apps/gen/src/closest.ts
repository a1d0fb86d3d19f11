import { type Failure, misuse } from "./failure.ts";

/** How many letters must be inserted, removed or replaced to turn `a` into `b` (Levenshtein 1966). */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next[j] = Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1);
    }
    row = next;
  }
  return row[b.length] as number;
}

/** The candidate that was probably meant: at most two letters in five differ, or it begins as given. */
export function closest(given: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of candidates) {
    const begins = given.length >= 3 && candidate.toLowerCase().startsWith(given.toLowerCase());
    const distance = begins ? 0.5 : editDistance(given.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance && distance <= Math.max(1, Math.round(0.4 * candidate.length))) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** «There is no preset "mnits": did you mean "mnist"? There are: …»: one way to say it, everywhere. */
export function unknown(what: string, given: string, candidates: readonly string[]): Failure {
  const guess = closest(given, candidates);
  const meant = guess === undefined ? "" : ` (did you mean "${guess}"?)`;
  return misuse(`There is no ${what} "${given}"${meant}; there is: ${candidates.join(", ")}.`);
}
