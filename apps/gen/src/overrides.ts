import { unknown } from "./closest.ts";
import { misuse } from "./failure.ts";

type Json = string | number | boolean | Json[] | { [name: string]: Json };

/**
 * Applies one `a.b=c` to a configuration. The value is read as the type that stands there now.
 *
 * @param alternatives for a field that chooses a variant (`model.kind`): what the whole object becomes
 * @returns a changed copy
 */
export function applyOverride<T extends object>(
  config: T,
  assignment: string,
  alternatives: Record<string, Record<string, object>> = {},
): T {
  const equals = assignment.indexOf("=");
  if (equals < 1)
    throw misuse(
      `--set ${assignment}: write it as name=value, for example --set optimizer.learningRate=0.001.`,
    );
  const path = assignment.slice(0, equals);
  const text = assignment.slice(equals + 1);
  const copy = structuredClone(config) as { [name: string]: Json };

  const variants = alternatives[path];
  if (variants) {
    const variant = variants[text];
    if (!variant) throw unknown(path, text, Object.keys(variants));
    const parent = path.slice(0, path.lastIndexOf("."));
    copy[parent] = structuredClone(variant) as { [name: string]: Json };
    return copy as T;
  }

  const names = path.split(".");
  let place = copy;
  for (const [depth, name] of names.entries()) {
    const here = place[name];
    const known = Object.keys(place).filter(
      (n) => !(depth === 0 && (n === "preset" || n === "task")),
    );
    const prefix = names
      .slice(0, depth)
      .map((n) => `${n}.`)
      .join("");
    if (here === undefined || !known.includes(name))
      throw unknown(
        "setting",
        path,
        known.map((n) => prefix + n),
      );
    const isGroup = typeof here === "object" && !Array.isArray(here);
    if (depth < names.length - 1) {
      if (!isGroup)
        throw misuse(
          `--set ${assignment}: ${prefix}${name} has no parts; write ${prefix}${name}=value.`,
        );
      place = here;
    } else if (isGroup) {
      throw misuse(
        `--set ${assignment}: ${path} is a group; set one of ${Object.keys(here)
          .map((n) => `${path}.${n}`)
          .join(", ")}.`,
      );
    } else {
      place[name] = readAs(here, text, path);
    }
  }
  return copy as T;
}

function readAs(example: Json, text: string, path: string): Json {
  if (typeof example === "string") return text;
  if (typeof example === "boolean") {
    if (text === "true" || text === "false") return text === "true";
    throw misuse(`--set ${path}=${text}: must be true or false.`);
  }
  if (typeof example === "number") return readNumber(text, path);
  const list = text.replace(/^\[|\]$/g, "").trim();
  return list === "" ? [] : list.split(",").map((item) => readNumber(item, path));
}

function readNumber(text: string, path: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) throw misuse(`--set ${path}: "${text}" is not a number.`);
  return value;
}
