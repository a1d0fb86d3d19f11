import { readdirSync, readFileSync } from "node:fs";

/** The root of the repository, with a slash at its end. */
export const root: URL = new URL("../../../", import.meta.url);

/** The fields of a package.json that the checks read. */
export interface Manifest {
  name: string;
  version: string;
  private?: boolean;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

export interface Package {
  /** Its name without the scope: "tensor". */
  name: string;
  /** Its folder, with a slash at its end. */
  directory: URL;
  manifest: Manifest;
}

/** Every package under `packages/`, by name: these are the ones that are published. */
export const packages: readonly Package[] = readdirSync(new URL("packages/", root), {
  withFileTypes: true,
})
  .filter((entry) => entry.isDirectory())
  .map((entry) => {
    const directory = new URL(`packages/${entry.name}/`, root);
    const manifest = JSON.parse(
      readFileSync(new URL("package.json", directory), "utf8"),
    ) as Manifest;
    return { name: entry.name, directory, manifest };
  })
  .toSorted((a, b) => (a.name < b.name ? -1 : 1));

/** Names of what a package's user gets with it: its dependencies, also the optional ones and the peers. */
export function declared(manifest: Manifest): string[] {
  return Object.keys({
    ...manifest.dependencies,
    ...manifest.optionalDependencies,
    ...manifest.peerDependencies,
  });
}
