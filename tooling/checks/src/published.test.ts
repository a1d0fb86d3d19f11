import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packAll } from "./pack.ts";
import { packages } from "./workspace.ts";

let folder: string;
let tarballs: Map<string, string>;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "gen-packed-"));
  tarballs = packAll(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tarball = (name: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(tarballs.get(name) as string));

for (const { manifest } of packages) {
  test(`publint finds nothing in the packed ${manifest.name}`, async () => {
    const { messages, pkg } = await publint({
      pack: { tarball: tarball(manifest.name).buffer },
    });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
  });

  test(`the types of the packed ${manifest.name} resolve as its code does`, async () => {
    const result = await checkPackage(createPackageFromTarballData(tarball(manifest.name)));
    expect(result.types, "has no types").toBeTruthy();
    // ESM only: how CommonJS callers and TypeScript's old `node10` resolution fare does not matter.
    const problems = result.types === false ? [] : result.problems;
    const counted = problems.filter(
      (problem) =>
        !("resolutionKind" in problem && ["node10", "node16-cjs"].includes(problem.resolutionKind)),
    );
    expect(counted).toEqual([]);
  });
}
