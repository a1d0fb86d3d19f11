import { existsSync, readFileSync } from "node:fs";
import { importsOf, withoutComments } from "./code.ts";
import { type Package, root } from "./workspace.ts";

/** Where the committed snapshot of a package's public API is. */
export function apiFile({ name }: Package): URL {
  return new URL(`api/${name}.api.txt`, root);
}

/**
 * The public API of a built package as text: the declarations of every file that can be reached from
 * `dist/index.d.ts`, without comments, `index.d.ts` first and then by path.
 */
export function apiOf({ name, directory }: Package): string {
  const dist = new URL("dist/", directory);
  const entry = new URL("index.d.ts", dist);
  if (!existsSync(entry)) throw new Error(`apiOf: @gen/${name} is not built; run \`pnpm build\``);
  const texts = new Map<string, string>();
  const visit = (file: URL): void => {
    if (texts.has(file.href)) return;
    const text = readFileSync(file, "utf8");
    texts.set(file.href, text);
    for (const specifier of importsOf(text)) {
      if (specifier.startsWith(".")) visit(declarationOf(specifier, file));
    }
  };
  visit(entry);
  const inner = [...texts.keys()].filter((href) => href !== entry.href).toSorted();
  const parts = [entry.href, ...inner].map((href) => {
    const lines = withoutComments(texts.get(href) as string).split("\n");
    const code = lines.map((line) => line.trimEnd()).filter((line) => line !== "");
    return `// ${href.slice(dist.href.length)}\n${code.join("\n")}\n`;
  });
  return parts.join("\n");
}

function declarationOf(specifier: string, from: URL): URL {
  return new URL(specifier.replace(/\.(?:ts|js)$/, ".d.ts"), from);
}
