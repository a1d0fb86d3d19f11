import { type Data, type Held, isHost } from "./data.ts";

/**
 * Counts who needs held numbers. Those that nobody needs are freed by `sweep` and not before: what is recorded may still
 * read the numbers of a tensor that has been disposed of.
 */
export class HeldCounts {
  readonly #counts = new Map<Held, number>();
  readonly #unused = new Set<Held>();

  retain(data: Data | undefined): void {
    if (!data || isHost(data)) return;
    this.#counts.set(data, (this.#counts.get(data) ?? 0) + 1);
    this.#unused.delete(data);
  }

  release(data: Data | undefined): void {
    if (!data || isHost(data)) return;
    const count = (this.#counts.get(data) ?? 0) - 1;
    if (count > 0) {
      this.#counts.set(data, count);
    } else if (this.#counts.delete(data)) {
      this.#unused.add(data);
    }
  }

  /** Whether somebody needs held numbers, and one alone. */
  isOwned(data: Data | undefined): boolean {
    return !!data && !isHost(data) && this.#counts.get(data) === 1;
  }

  /** Frees what nobody needs; to be called where nothing is recorded. */
  sweep(): void {
    for (const held of this.#unused) held.dispose();
    this.#unused.clear();
  }
}
