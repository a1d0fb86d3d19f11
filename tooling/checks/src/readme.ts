import { existsSync, readFileSync } from "node:fs";
import type { Package } from "./workspace.ts";

export interface Example {
  /** The first ```ts block of the README. */
  code: string;
  /** Arguments of the first `npm install` line of the README. */
  install: string[];
  /** What the `// =>` comments of the code say is printed, in order. */
  printed: string[];
}

/** Reads the example of a package's README. */
export function exampleOf({ name, directory }: Package): Example {
  const file = new URL("README.md", directory);
  if (!existsSync(file)) throw new Error(`exampleOf: @gen/${name} has no README.md`);
  const text = readFileSync(file, "utf8");
  const code = /^```ts\n([^]*?)^```/m.exec(text)?.[1];
  if (!code) throw new Error(`exampleOf: the README of @gen/${name} has no \`\`\`ts block`);
  const install = /^npm (?:install|i) (.*)$/m.exec(text)?.[1]?.trim().split(/\s+/) ?? [];
  if (!install.some((argument) => argument === `@gen/${name}`)) {
    throw new Error(
      `exampleOf: the README of @gen/${name} has no line \`npm install @gen/${name}\``,
    );
  }
  const printed = [...code.matchAll(/\/\/ => (.*)$/gm)].map((match) => (match[1] as string).trim());
  return { code, install, printed };
}

/**
 * The first line that an example promises and does not print, or undefined when all are there in order. An example may
 * print more than it promises.
 */
export function missingLine(printed: readonly string[], output: string): string | undefined {
  const lines = output.split(/\r?\n/).map((line) => line.trim());
  let from = 0;
  for (const line of printed) {
    const at = lines.indexOf(line, from);
    if (at < 0) return line;
    from = at + 1;
  }
  return undefined;
}
