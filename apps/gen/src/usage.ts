import type { ArgDef, ArgsDef } from "citty";

/**
 * The help of a command: what it is for, how to write it, what each option means; below, whatever its description says
 * after the first line (presets, examples).
 */
export function commandUsage(name: string, description: string, args: ArgsDef): string {
  const [about = "", ...rest] = description.split("\n");
  const shown = Object.entries(args).filter(([option]) => option !== "debug");
  const positionals = shown.filter(([, { type }]) => type === "positional");
  const options = shown.filter(([, { type }]) => type !== "positional");
  const rows: [string, string][] = [
    ...positionals.map(([option, definition]): [string, string] => [
      `<${option}>`,
      explain(definition),
    ]),
    ...options.map(([option, definition]): [string, string] => [
      `--${option}${value(definition)}`,
      explain(definition),
    ]),
    ["--help", "This text"],
  ];
  const width = Math.max(...rows.map(([left]) => left.length));
  const required = options
    .filter(([, d]) => d.required)
    .map(([option, d]) => ` --${option}${value(d)}`);
  return [
    about,
    "",
    `Usage: ${name}${positionals.map(([option]) => ` <${option}>`).join("")}${required.join("")} [options]`,
    "",
    ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`),
    ...(rest.length > 0 ? ["", ...rest] : []),
    "",
  ].join("\n");
}

function value(definition: ArgDef): string {
  if (definition.type === "boolean") return "";
  if (definition.type === "enum") return ` ${definition.options?.join("|") ?? ""}`;
  return ` <${definition.valueHint ?? "value"}>`;
}

function explain({ description = "", default: fallback }: ArgDef): string {
  return fallback === undefined ? description : `${description} (default ${String(fallback)})`;
}
