import { readdirSync } from "node:fs";

/** Paths of all files below a folder, relative to it, sorted, with slashes. */
export function filesBelow(directory: URL): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.replaceAll("\\", "/"))
    .map((path) => path.slice(path.indexOf(directory.pathname) + directory.pathname.length))
    .toSorted();
}
