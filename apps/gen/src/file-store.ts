import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Store } from "@gen/train";
import { writeFailure, writeFileAtomic } from "./atomic-file.ts";
import { Failure, messageOf } from "./failure.ts";

/** Checkpoints as files of a folder, each written whole or not at all. */
export function fileStore(folder: string): Store {
  return {
    async list() {
      try {
        return readdirSync(folder).filter((name) => !name.startsWith("."));
      } catch {
        return [];
      }
    },
    async read(name) {
      try {
        return readFileSync(join(folder, name));
      } catch (error) {
        throw new Failure(`Could not read ${join(folder, name)}: ${messageOf(error)}.`, 1, {
          cause: error,
        });
      }
    },
    async write(name, bytes) {
      makeFolder(folder);
      writeFileAtomic(join(folder, name), bytes);
    },
    async remove(name) {
      rmSync(join(folder, name), { force: true });
    },
  };
}

/** Makes a folder and those above it, if they are not there. */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw writeFailure(folder, error);
  }
}

/** Removes what a killed process left behind of a file that it was writing. */
export function removeLeftovers(folder: string): void {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return;
  }
  for (const name of names) {
    if (name.startsWith(".") && name.endsWith(".tmp")) rmSync(join(folder, name), { force: true });
  }
}
