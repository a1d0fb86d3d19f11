import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BrowserRunner, forBrowsers, noBrowser, startBrowser } from "./browser.ts";
import { exampleOf, missingResult } from "./readme.ts";
import { packages, root } from "./workspace.ts";

const require = createRequire(import.meta.url);
const tsx = pathToFileURL(require.resolve("tsx")).href;
const tsc = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));
const folders: URL[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const node = (directory: URL, ...args: string[]): { status: number | null; text: string } => {
  const run = spawnSync(process.execPath, args, {
    cwd: fileURLToPath(directory),
    encoding: "utf8",
  });
  return { status: run.status, text: run.stdout + run.stderr };
};

for (const each of packages) {
  test(`the README example of @gen/${each.name} runs and prints what it says`, () => {
    const { code, promised } = exampleOf(each);
    // Inside the package's folder, so that the package and what it depends on resolve by name, to their sources.
    const folder = new URL(".cache/readme/", each.directory);
    folders.push(folder);
    mkdirSync(folder, { recursive: true });
    writeFileSync(new URL("example.ts", folder), code);
    writeFileSync(
      new URL("tsconfig.json", folder),
      JSON.stringify({
        extends: "@gen/config/tsconfig.json",
        // Examples are plain JavaScript too, so their parameters need no types.
        compilerOptions: { noImplicitAny: false, noUncheckedIndexedAccess: false },
        include: ["example.ts"],
      }),
    );
    const run = node(folder, "--conditions=@gen/source", "--import", tsx, "example.ts");
    expect(run.status, run.text).toBe(0);
    expect(
      missingResult(promised, run.text),
      `promised, but not printed in order:\n${run.text}`,
    ).toBe(undefined);
    const types = node(folder, tsc, "-p", "tsconfig.json");
    expect(types.status, types.text).toBe(0);
  });
}

describe.skipIf(noBrowser)(
  `in headless Chromium${noBrowser ? ` (skipped: ${noBrowser})` : ""}`,
  () => {
    let browser: BrowserRunner;
    beforeAll(async () => {
      browser = await startBrowser();
    });
    afterAll(() => browser.close());

    for (const each of packages.filter(({ name }) => forBrowsers.includes(name))) {
      test(`the README example of @gen/${each.name} prints what it says`, async () => {
        const { code, promised } = exampleOf(each);
        const printed = await browser.run(code, fileURLToPath(each.directory), ["@gen/source"]);
        expect(
          missingResult(promised, printed),
          `promised, but not printed in order:\n${printed}`,
        ).toBe(undefined);
      }, 60_000);
    }
  },
);

test("the README of the repository lists every package", () => {
  const text = readFileSync(new URL("README.md", root), "utf8");
  const rows = [...text.matchAll(/^\| \[`@gen\/([^`]+)`\]\(packages\/\1\)/gm)].map(
    ([, name]) => name,
  );
  expect(rows.toSorted()).toEqual(packages.map(({ name }) => name));
});

test("a promised result that is not printed, or not in order, is found", () => {
  expect(missingResult(["1", "[ 2, 3 ]"], "1\nmore\n [\n  2,\n  3\n]")).toBeUndefined();
  expect(missingResult(["1", "1"], "1\n1\n")).toBeUndefined();
  expect(missingResult(["1", "1"], "1\n")).toBe("1");
  expect(missingResult(["2", "1"], "1\n2\n")).toBe("1");
  expect(missingResult(["1"], "10\n")).toBe("1");
  expect(missingResult(["[ … ]", "4"], "[ 1,\n 2 ]\n4")).toBeUndefined();
  expect(missingResult(["[ … ]", "2"], "[ 1, 2 ]\n4")).toBe("2");
});
