import { existsSync, readFileSync } from "node:fs";
import type { Package } from "./workspace.ts";

export interface Example {
  /** The first ```ts block of the README. */
  code: string;
  /** Arguments of the first `npm install` line of the README. */
  install: string[];
  /** What the `// =>` comments of the code say is printed, in order. */
  promised: string[];
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
  const promised = [...code.matchAll(/\/\/ => (.*)$/gm)].map((match) =>
    (match[1] as string).trim(),
  );
  return { code, install, promised };
}

/**
 * The first result that an example promises and does not print, or undefined when all are there in order. `…` stands
 * for anything. White space counts as one space, so that a long array may be printed over several lines. An example
 * may print more than it promises.
 */
export function missingResult(promised: readonly string[], output: string): string | undefined {
  const text = plain(output);
  let from = 0;
  for (const result of promised) {
    const parts = plain(result).split("…");
    const escaped = parts.map((part) => part.replaceAll(/[^\w\s]/g, String.raw`\$&`));
    const pattern = new RegExp(String.raw`(?<!\S)${escaped.join(".*?")}(?!\S)`, "g");
    pattern.lastIndex = from;
    if (!pattern.test(text)) return result;
    from = pattern.lastIndex;
  }
  return undefined;
}

function plain(text: string): string {
  return text.trim().replaceAll(/\s+/g, " ");
}
