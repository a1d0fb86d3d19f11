import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  exportsOf,
  mathematicsFile,
  mathematicsText,
  missingItems,
  problemsOf,
  readRows,
  readSections,
} from "./mathematics.ts";
import { root } from "./workspace.ts";

const sections = readSections();
const packages = readRows();

test("every item of the mission has a name of its own", () => {
  const items = sections.flatMap(({ groups }) => groups.flatMap((group) => group.items));
  expect(items.filter((item, at) => items.indexOf(item) !== at)).toEqual([]);
});

test("every item of the mission has a row in docs/mathematics", () => {
  expect(missingItems(sections, packages)).toEqual([]);
});

for (const each of packages) {
  test(`the rows of docs/mathematics/${each.name}.json name functions and tests that exist`, () => {
    expect(problemsOf(each, sections)).toEqual([]);
  });
}

test("docs/mathematics.md is what its rows say", () => {
  const text = existsSync(mathematicsFile) ? readFileSync(mathematicsFile, "utf8") : "";
  expect(text, "run `pnpm mathematics`").toBe(mathematicsText(sections, packages));
});

test("exports are found by list, by declaration and through `export *`", () => {
  const names = exportsOf(new URL("packages/metrics/src/index.ts", root));
  expect([...names]).toContain("frechetDistance");
  expect([...names]).toContain("FeatureStatistics");
  expect(names.has("squareRootTrace")).toBe(false);
  expect([...exportsOf(new URL("mathematics.ts", import.meta.url))]).toContain("exportsOf");
});

test("a row without its item, function or test is told, and so is an item without a row", () => {
  const some = [{ section: 9, title: "t", groups: [{ lecture: "l", items: ["a", "b"] }] }];
  const row = {
    section: 9,
    item: "a",
    formula: "|x|",
    functions: ["frechetDistance"],
    test: "packages/metrics/src/frechet-distance.test.ts",
    title: "is 6",
  };
  const rows = (...list: (typeof row)[]): { name: string; rows: typeof list } => ({
    name: "metrics",
    rows: list,
  });
  expect(problemsOf(rows(row), some)).toEqual([]);
  expect(missingItems(some, [rows(row)])).toEqual(["9: b"]);
  expect(mathematicsText(some, [rows(row)])).toContain("| a | \\|x\\| | `frechetDistance` of ");
  const wrong = rows(
    { ...row, item: "c" },
    { ...row, functions: ["frechetDistance", "nothing"] },
    { ...row, title: "is 7" },
    { ...row, test: "packages/metrics/src/none.test.ts" },
  );
  expect(problemsOf(wrong, some)).toEqual([
    'metrics.json, "c": section 9 of mission-items.json has no such item',
    'metrics.json, "a": @gen/metrics exports no nothing',
    'metrics.json, "a": packages/metrics/src/frechet-distance.test.ts has no test "is 7"',
    'metrics.json, "a": packages/metrics/src/none.test.ts is no test file',
  ]);
  expect(problemsOf({ name: "nowhere", rows: [] }, some)).toEqual([
    "nowhere.json: there is no package @gen/nowhere",
  ]);
});
