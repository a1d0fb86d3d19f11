import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { environment } from "./environment.ts";
import { root } from "./workspace.ts";

/**
 * Packs every package as it would be published.
 *
 * @param into the folder for the tarballs
 * @returns the path of the tarball by package name, "@gen/tensor" → "/tmp/x/gen-tensor-1.0.0.tgz"
 */
export function packAll(into: string): Map<string, string> {
  const { packageManager } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as {
    packageManager: string;
  };
  const command = "--recursive --filter ./packages/* pack --json --pack-destination".split(" ");
  const result = spawnSync("npx", ["--yes", packageManager, ...command, into], {
    cwd: fileURLToPath(root),
    env: environment,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  if (result.status !== 0) throw new Error(`pnpm pack failed:\n${result.stdout}${result.stderr}`);
  const packed = JSON.parse(result.stdout) as { name: string; filename: string }[];
  return new Map(packed.map(({ name, filename }) => [name, filename]));
}
