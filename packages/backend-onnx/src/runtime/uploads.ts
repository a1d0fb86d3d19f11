import type { HostData } from "./data.ts";

/**
 * Copies on a device of host numbers that are read again and again (weights that nobody trains, say). The first use goes
 * without: most numbers are used once. A copy is freed when its numbers are gone.
 */
export class Uploads<Copy extends { dispose(): void }> {
  readonly #seen = new WeakSet<HostData>();
  readonly #copies = new WeakMap<HostData, Copy>();
  readonly #freed = new FinalizationRegistry<Copy>((copy) => copy.dispose());

  /** The copy to use instead of the numbers, from their second use on. */
  of(data: HostData, upload: () => Copy): Copy | undefined {
    let copy = this.#copies.get(data);
    if (copy) return copy;
    if (!this.#seen.has(data)) {
      this.#seen.add(data);
      return undefined;
    }
    copy = upload();
    this.#copies.set(data, copy);
    this.#freed.register(data, copy);
    return copy;
  }
}
