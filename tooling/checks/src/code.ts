// Strings are matched first, so that a comment inside a string stays and a string inside a comment goes.
const token =
  /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[^]|[^`\\])*`)|\/\/[^\n]*|\/\*[^]*?\*\//g;

/** TypeScript or JavaScript source without its comments. */
export function withoutComments(source: string): string {
  return source.replace(token, (_, text: string | undefined) => text ?? "");
}

/** TypeScript or JavaScript source without its comments and with every string and template emptied. */
export function withoutText(source: string): string {
  return source.replace(token, (_, text: string | undefined) => (text ? '""' : ""));
}

/** What a source imports or re-exports, types included: `import "x"`, `from "x"`, `import("x")`, `require("x")`. */
export function importsOf(source: string): string[] {
  const found = withoutComments(source).matchAll(
    /\b(?:from|import|require|createRequire\([\w.]*\))\s*(?:\(\s*)?(["'])([^"'\n]+)\1/g,
  );
  return [...new Set([...found].map((match) => match[2] as string))].toSorted();
}

/** The npm package of an import, "@gen/tensor" of "@gen/tensor/x", or undefined for the package's own ("./x", "#x"). */
export function packageOf(specifier: string): string | undefined {
  if (/^[.#]/.test(specifier)) return undefined;
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}
