/** Where checkpoints are kept: bytes by name. The app provides it: a folder, a browser's database, memory. */
export interface Store {
  /** The names of what is there, in any order. */
  list(): Promise<string[]>;
  read(name: string): Promise<Uint8Array>;
  /** Puts bytes under a name, atomically: whatever happens, the name then holds either all of them or what it held. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  remove(name: string): Promise<void>;
}
