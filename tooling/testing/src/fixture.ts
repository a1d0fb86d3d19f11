import { readFileSync } from "node:fs";

/** Reads a committed JSON fixture: `fixture(import.meta.url, "../test/fixtures/linear.json")`. */
export function fixture<T>(from: string, path: string): T {
  return JSON.parse(readFileSync(new URL(path, from), "utf8")) as T;
}
