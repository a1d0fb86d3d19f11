import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname, join, basename } from "node:path";
import { Failure, codeOf } from "./failure.ts";

/** Node refuses to write 2 GiB in one call. */
const MOST_AT_ONCE = 2 ** 30;

/**
 * Writes a whole file or nothing: a temporary file in the same folder, flushed to the disk, then renamed over the old
 * one, which stays untouched until that moment. Whatever fails, the temporary file is removed.
 */
export function writeFileAtomic(path: string, content: string | Uint8Array): void {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  let file: number | undefined;
  try {
    file = openSync(temporary, "w");
    for (let written = 0; written < bytes.length;) {
      written += writeSync(file, bytes, written, Math.min(bytes.length - written, MOST_AT_ONCE));
    }
    fsyncSync(file);
    closeSync(file);
    file = undefined;
    renameSync(temporary, path);
    flushFolder(dirname(path));
  } catch (error) {
    if (file !== undefined) closeSync(file);
    rmSync(temporary, { force: true });
    throw writeFailure(path, error);
  }
}

/** Makes the rename itself lasting, where the system can. */
function flushFolder(folder: string): void {
  try {
    const handle = openSync(folder, "r");
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch {
    // Windows cannot open a folder; the file itself is whole all the same.
  }
}

/** The sentence for a file that could not be written. */
export function writeFailure(path: string, error: unknown): Failure {
  const code = codeOf(error);
  const reasons: Record<string, string> = {
    ENOSPC: "the disk is full; free some space and run the same command again",
    EDQUOT: "the disk quota is used up; free some space and run the same command again",
    EACCES: "permission was denied",
    EPERM: "permission was denied",
    EROFS: "the file system is read-only",
    ENOTDIR: "a part of the path is a file, not a folder",
    EISDIR: "there is a folder of that name",
    ENOENT: "the folder it belongs in is gone",
    EEXIST: "a file is in the way",
    ENAMETOOLONG: "the name is too long",
  };
  const reason =
    (code && reasons[code]) ?? (error instanceof Error ? error.message : String(error));
  return new Failure(`Could not write ${path}: ${reason}.`, 1, { cause: error });
}
