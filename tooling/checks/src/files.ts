import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** Paths of all files below a folder, relative to it, sorted, with slashes. */
export function filesBelow(directory: URL): string[] {
  const top = fileURLToPath(directory);
  return readdirSync(top, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(top, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .toSorted();
}
