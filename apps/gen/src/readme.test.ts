import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { families } from "./families/index.ts";
import type { Family } from "./family.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

/** A row of the table of families, as it must stand in the README; spaces do not count. */
function row({ task, presets, likelihood, pictures = {}, parts = {} }: Family): string[] {
  const names = Object.keys(presets);
  const points = names.filter((name) => name.startsWith("points-"));
  const list = [
    ...names.filter((name) => !points.includes(name)),
    ...(points.length > 0 ? ["points-…"] : []),
  ];
  const or = (values: string[]): string => values.join(", ") || "–";
  return [
    `\`${task}\``,
    or(list),
    likelihood ? "yes" : "–",
    or(Object.keys(pictures)),
    or(Object.keys(parts)),
  ];
}

test.each(families)("the README has $task as it is", (family) => {
  const rows = readme.split("\n").map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  expect(rows).toContainEqual(row(family));
});

test("the sets of points that the README names are those of every family that has any", () => {
  for (const { presets } of families) {
    const points = Object.keys(presets).filter((name) => name.startsWith("points-"));
    for (const name of points) expect(readme).toContain(`\`${name}\``);
    expect([0, 4]).toContain(points.length);
  }
});
