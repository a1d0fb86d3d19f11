import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { importsOf, packageOf, withoutText } from "./code.ts";
import { filesBelow } from "./files.ts";
import { ambient, exceptions, floorOf, mayImport, mayImportTensorFlow } from "./floors.ts";
import { declared, packages } from "./workspace.ts";

for (const { name, directory, manifest } of packages) {
  describe(`@gen/${name}`, () => {
    const sources = filesBelow(new URL("src/", directory))
      .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
      .map((path) => ({ path, text: readFileSync(new URL(`src/${path}`, directory), "utf8") }));
    const imported = sources.flatMap(({ path, text }) =>
      importsOf(text).flatMap((specifier) => {
        const target = packageOf(specifier);
        return target ? [{ path, target }] : [];
      }),
    );

    test("imports only from the floors below its own", () => {
      const wrong = imported.filter(
        ({ target }) => target.startsWith("@gen/") && !mayImport(name, target.slice(5)),
      );
      expect(wrong, `floor ${floorOf(name)}`).toEqual([]);
      for (const dependency of declared(manifest).filter((key) => key.startsWith("@gen/"))) {
        expect(mayImport(name, dependency.slice(5)), `depends on ${dependency}`).toBe(true);
      }
    });

    test("imports only what it declares, and declares only what it imports", () => {
      const targets = new Set(imported.map(({ target }) => target));
      const known = declared(manifest);
      expect(
        [...targets].filter((target) => !known.includes(target) && !target.startsWith("node:")),
        "imported and not declared",
      ).toEqual([]);
      const optional = Object.keys(manifest.peerDependencies ?? {});
      expect(
        known.filter((target) => !targets.has(target) && !optional.includes(target)),
        "declared and never imported",
      ).toEqual([]);
    });

    test("leaves TensorFlow.js to the adapter and the engine", () => {
      if (mayImportTensorFlow.includes(name)) return;
      expect(imported.filter(({ target }) => target.startsWith("@tensorflow/"))).toEqual([]);
    });

    test("touches no file, clock, process, console or ambient randomness", () => {
      const found = [
        ...imported.filter(({ target }) => target.startsWith("node:")),
        ...sources.flatMap(({ path, text }) =>
          [...withoutText(text).matchAll(ambient)].map(([target]) => ({ path, target })),
        ),
      ];
      const allowed = (path: string): readonly string[] => exceptions[`${name}/${path}`] ?? [];
      expect(found.filter(({ path, target }) => !allowed(path).includes(target))).toEqual([]);
    });
  });
}
