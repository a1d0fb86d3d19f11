import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { declared, type Manifest, root } from "./workspace.ts";

test("docs/dependencies.md names every dependency and nothing else", () => {
  const folders = ["packages", "apps", "tooling"].flatMap((folder) =>
    readdirSync(new URL(`${folder}/`, root)).map((name) => `${folder}/${name}/`),
  );
  const names = new Set<string>();
  for (const folder of ["", ...folders]) {
    const file = new URL(`${folder}package.json`, root);
    if (!existsSync(file)) continue;
    const manifest = JSON.parse(readFileSync(file, "utf8")) as Manifest;
    for (const name of [...declared(manifest), ...Object.keys(manifest.devDependencies ?? {})]) {
      if (!name.startsWith("@gen/")) names.add(name);
    }
  }
  const text = readFileSync(new URL("docs/dependencies.md", root), "utf8");
  const rows = [...text.matchAll(/^\| `([^`]+)`/gm)].map((match) => match[1] as string);
  expect(rows.toSorted()).toEqual([...names].toSorted());
});
