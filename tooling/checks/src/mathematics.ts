import { existsSync, readdirSync, readFileSync } from "node:fs";
import { withoutComments } from "./code.ts";
import { root } from "./workspace.ts";

/** One section of docs/mathematics/mission-items.json: what a complete package of that mathematics holds, by name. */
export interface Section {
  readonly section: number;
  readonly title: string;
  readonly groups: readonly { readonly lecture: string; readonly items: readonly string[] }[];
}

/** One row of docs/mathematics/<package>.json: an item, its formula, what computes it and the test that checks it. */
export interface Row {
  readonly section: number;
  /** One of the names in mission-items.json. */
  readonly item: string;
  readonly formula: string;
  /** Exported names of the package. */
  readonly functions: readonly string[];
  /** A test file, from the root. */
  readonly test: string;
  /** The title of the test, or a part of it, as it stands in that file. */
  readonly title: string;
}

export interface PackageRows {
  /** The package without its scope. */
  readonly name: string;
  readonly rows: readonly Row[];
}

const folder = new URL("docs/mathematics/", root);
const listOfItems = "mission-items.json";

/** Where the generated table is. */
export const mathematicsFile: URL = new URL("docs/mathematics.md", root);

export function readSections(): Section[] {
  return JSON.parse(readFileSync(new URL(listOfItems, folder), "utf8")) as Section[];
}

export function readRows(): PackageRows[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json") && file !== listOfItems)
    .toSorted()
    .map((file) => ({
      name: file.slice(0, -".json".length),
      rows: JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Row[],
    }));
}

/** The names that a source file exports, those of the files that it passes on by `export *` included. */
export function exportsOf(file: URL): Set<string> {
  const text = withoutComments(readFileSync(file, "utf8"));
  const names = new Set<string>();
  for (const [, list] of text.matchAll(/\bexport\s*(?:type\s*)?\{([^}]*)\}/g)) {
    for (const one of (list as string).split(",")) {
      const name = one.trim().split(/\s+/).at(-1);
      if (name) names.add(name);
    }
  }
  const declarations =
    /^export (?:declare |async |abstract )*(?:function\*?|const|class|interface|type) (\w+)/gm;
  for (const [, name] of text.matchAll(declarations)) names.add(name as string);
  for (const [, path] of text.matchAll(/\bexport\s*\*\s*from\s*"(\.[^"]+)"/g)) {
    for (const name of exportsOf(new URL(path as string, file))) names.add(name);
  }
  return names;
}

/** The items that no row names. */
export function missingItems(
  sections: readonly Section[],
  packages: readonly PackageRows[],
): string[] {
  const covered = new Set(packages.flatMap(({ rows }) => rows.map(({ item }) => item)));
  return sections.flatMap(({ section, groups }) =>
    groups
      .flatMap(({ items }) => items)
      .filter((item) => !covered.has(item))
      .map((item) => `${section}: ${item}`),
  );
}

/** What is wrong with the rows of a package, one sentence each. */
export function problemsOf({ name, rows }: PackageRows, sections: readonly Section[]): string[] {
  const index = new URL(`packages/${name}/src/index.ts`, root);
  if (!existsSync(index)) return [`${name}.json: there is no package @gen/${name}`];
  const exported = exportsOf(index);
  return rows.flatMap(({ section, item, functions, test, title }) => {
    const problems: string[] = [];
    const known = sections.find((one) => one.section === section);
    if (!known?.groups.some(({ items }) => items.includes(item))) {
      problems.push(`section ${section} of ${listOfItems} has no such item`);
    }
    if (functions.length === 0) problems.push("names no function");
    for (const each of functions) {
      if (!exported.has(each)) problems.push(`@gen/${name} exports no ${each}`);
    }
    const file = new URL(test, root);
    if (!test.endsWith(".test.ts") || !existsSync(file)) problems.push(`${test} is no test file`);
    else if (title === "" || !readFileSync(file, "utf8").includes(title)) {
      problems.push(`${test} has no test "${title}"`);
    }
    return problems.map((problem) => `${name}.json, "${item}": ${problem}`);
  });
}

/** The table of all rows as Markdown, in the order of the items. */
export function mathematicsText(
  sections: readonly Section[],
  packages: readonly PackageRows[],
): string {
  const all = packages.flatMap(({ name, rows }) => rows.map((row) => ({ name, ...row })));
  const lines = [
    "# Mathematics",
    "",
    "What is there, where, and which test checks it. Written by `pnpm mathematics` from the rows in",
    "[docs/mathematics/](mathematics); a test compares the two, and fails when an item has no row, a function is not",
    "exported or a test is not there.",
  ];
  for (const { title, groups } of sections) {
    lines.push("", `## ${title}`);
    for (const { lecture, items } of groups) {
      lines.push("", `### ${lecture}`, "");
      lines.push("| item | formula | functions | checked by |", "| --- | --- | --- | --- |");
      for (const item of items) {
        for (const row of all.filter((one) => one.item === item)) {
          const functions = row.functions.map((one) => `\`${one}\``).join(", ");
          const cells = [
            item,
            row.formula,
            `${functions} of [@gen/${row.name}](../packages/${row.name})`,
            `[${row.title}](../${row.test})`,
          ];
          lines.push(`| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`);
        }
      }
    }
  }
  return `${lines.join("\n")}\n`;
}
