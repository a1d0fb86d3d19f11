import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

// Real data is not part of the repository: `GEN_DATA` names its folder, else it lies beside the repository.
const folder =
  process.env["GEN_DATA"] ?? fileURLToPath(new URL("../../../../shared/data", import.meta.url));

/** The bytes of real data files, or why the tests that need them are skipped. */
export function realData(...paths: string[]): {
  skip: string | false;
  read: (path: string) => Uint8Array;
} {
  const missing = paths.find((path) => !existsSync(`${folder}/${path}`));
  return {
    skip: missing ? `${missing} is not in the data folder (GEN_DATA, or ../shared/data)` : false,
    read: (path) => new Uint8Array(readFileSync(`${folder}/${path}`)),
  };
}
