import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

it("the exact side needs no tensors: it imports nothing but itself, keys and paths", () => {
  const folder = new URL("./", import.meta.url);
  const sources = readdirSync(folder).filter((name) => !name.endsWith(".test.ts"));
  expect(sources.length).toBeGreaterThan(15);
  const imported = sources.flatMap((name) =>
    [...readFileSync(new URL(name, folder), "utf8").matchAll(/\bfrom "([^"]+)"/g)].map((m) => m[1]),
  );
  const foreign = imported.filter((specifier) => !specifier?.startsWith("./"));
  expect([...new Set(foreign)].toSorted()).toEqual(["@gen/random", "@gen/schedules"]);
});
