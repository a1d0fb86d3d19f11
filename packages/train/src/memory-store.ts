import type { Store } from "./store.ts";

/** A store that lasts as long as the process: for tests, and for a page that needs no more. */
export class MemoryStore implements Store {
  readonly #files = new Map<string, Uint8Array>();

  list(): Promise<string[]> {
    return Promise.resolve([...this.#files.keys()]);
  }

  read(name: string): Promise<Uint8Array> {
    const bytes = this.#files.get(name);
    return bytes
      ? Promise.resolve(bytes.slice())
      : Promise.reject(new Error(`MemoryStore.read: there is nothing named ${name}`));
  }

  write(name: string, bytes: Uint8Array): Promise<void> {
    this.#files.set(name, bytes.slice());
    return Promise.resolve();
  }

  remove(name: string): Promise<void> {
    this.#files.delete(name);
    return Promise.resolve();
  }
}
