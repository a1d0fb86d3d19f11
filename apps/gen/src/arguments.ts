import type { ArgDef, ArgsDef } from "citty";
import { closest, unknown } from "./closest.ts";
import { misuse } from "./failure.ts";

interface Option {
  name: string;
  definition: ArgDef;
}

/**
 * Refuses what citty lets pass: unknown options, options without their value, values that are not among the options,
 * one positional too many, one missing.
 *
 * @param command its full name, for the sentence
 */
export function checkArguments(command: string, rawArgs: readonly string[], args: ArgsDef): void {
  const options = new Map<string, Option>();
  const positionals: Option[] = [];
  for (const [name, definition] of Object.entries(args)) {
    if (definition.type === "positional") {
      positionals.push({ name, definition });
      continue;
    }
    options.set(`--${name}`, { name, definition });
    const aliases = "alias" in definition && definition.alias ? definition.alias : [];
    for (const alias of Array.isArray(aliases) ? aliases : [aliases]) {
      options.set(`-${alias}`, { name, definition });
    }
  }
  let filled = 0;
  const given = new Set<string>();
  for (let i = 0; i < rawArgs.length; i++) {
    const token = rawArgs[i] as string;
    if (!token.startsWith("-") || token === "-") {
      filled++;
      if (filled > positionals.length) {
        const takes =
          positionals.length === 0
            ? "no arguments"
            : `only ${positionals.map((p) => `<${p.name}>`).join(" ")}`;
        throw misuse(
          `${command}: "${token}" is one argument too many; it takes ${takes} and options (see \`${command} --help\`).`,
        );
      }
      continue;
    }
    const equals = token.indexOf("=");
    const flag = equals < 0 ? token : token.slice(0, equals);
    const option = options.get(flag);
    if (!option) {
      const known = [...options.keys()].filter(
        (name) => name.startsWith("--") && name !== "--debug",
      );
      const guess = closest(flag, known);
      throw misuse(
        `${command}: there is no option ${flag}${guess ? ` (did you mean ${guess}?)` : ""}; there is: ${known.join(", ")}.`,
      );
    }
    given.add(option.name);
    if (option.definition.type === "boolean") {
      if (equals >= 0)
        throw misuse(`${command}: ${flag} takes no value, got "${token.slice(equals + 1)}".`);
      continue;
    }
    const value = equals >= 0 ? token.slice(equals + 1) : rawArgs[++i];
    if (value === undefined || value === "" || (equals < 0 && value.startsWith("--"))) {
      throw misuse(
        `${command}: ${flag} needs a value: ${option.definition.description ?? option.name}`,
      );
    }
    const allowed = "options" in option.definition ? option.definition.options : undefined;
    if (allowed && !allowed.includes(value)) throw unknown(`value of ${flag}`, value, allowed);
  }
  const required = positionals.filter(
    (p) => p.definition.required !== false && p.definition.default === undefined,
  );
  const missing = required[filled];
  if (missing) {
    throw misuse(
      `${command}: <${missing.name}> is missing: ${missing.definition.description ?? ""} (see \`${command} --help\`).`,
    );
  }
  const absent = [...options.values()].find(
    ({ name, definition }) => definition.required && !given.has(name),
  );
  if (absent) {
    throw misuse(
      `${command}: --${absent.name} is missing: ${absent.definition.description ?? ""} (see \`${command} --help\`).`,
    );
  }
}

/** All values of an option that may be given more than once. */
export function everyValue(rawArgs: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let i = 0; i < rawArgs.length; i++) {
    const token = rawArgs[i] as string;
    if (token === `--${name}`) values.push(rawArgs[++i] ?? "");
    else if (token.startsWith(`--${name}=`)) values.push(token.slice(name.length + 3));
  }
  return values;
}

/** A whole number from an option, within bounds. */
export function integerOption(
  option: string,
  text: string,
  low: number,
  high = Number.MAX_SAFE_INTEGER,
): number {
  const value = Number(text);
  if (
    !/^[+-]?\d+$/.test(text.trim()) ||
    !Number.isSafeInteger(value) ||
    value < low ||
    value > high
  ) {
    const bounds = high === Number.MAX_SAFE_INTEGER ? `at least ${low}` : `from ${low} to ${high}`;
    throw misuse(`${option} must be a whole number ${bounds}, got "${text}".`);
  }
  return value;
}

/** A finite number from an option, within bounds. */
export function numberOption(option: string, text: string, low: number, high: number): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!(value >= low && value <= high)) {
    throw misuse(`${option} must be a number from ${low} to ${high}, got "${text}".`);
  }
  return value;
}
