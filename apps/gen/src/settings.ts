import type { ArgsDef } from "citty";
import { integerOption, numberOption } from "./arguments.ts";
import { unknown } from "./closest.ts";
import type { Examples } from "./examples.ts";
import { misuse } from "./failure.ts";

/** A setting that a command takes as an option: its bounds, its default and what is said of it. */
export interface Setting<T extends number | string = number | string> {
  readonly about: string;
  readonly valueHint: string;
  /** How the default is told. */
  readonly usual: string;
  /** What it is if left out. */
  fallback(examples: Examples): T;
  /** @throws one sentence that names the option */
  read(option: string, text: string, examples: Examples): T;
}

/** Settings by name (`guidanceScale`); the option is the same with hyphens (`--guidance-scale`). */
export type Settings = Readonly<Record<string, Setting>>;

/** The values of settings. */
export type ValuesOf<S extends Settings> = {
  readonly [Name in keyof S]: S[Name] extends Setting<infer T> ? T : never;
};

/** A whole number. */
export function wholeSetting(
  about: string,
  { low, high, fallback }: { low: number; high?: number; fallback: number },
): Setting<number> {
  return {
    about,
    valueHint: "n",
    usual: String(fallback),
    fallback: () => fallback,
    read: (option, text) => integerOption(option, text, low, high),
  };
}

/** Any number. */
export function numberSetting(
  about: string,
  { low, high, fallback }: { low: number; high: number; fallback: number },
): Setting<number> {
  return {
    about,
    valueHint: "x",
    usual: String(fallback),
    fallback: () => fallback,
    read: (option, text) => numberOption(option, text, low, high),
  };
}

/** One of a few words. */
export function wordSetting<const Word extends string>(
  about: string,
  words: readonly Word[],
  fallback: NoInfer<Word>,
): Setting<Word> {
  return {
    about,
    valueHint: words.join("|"),
    usual: fallback,
    fallback: () => fallback,
    read(option, text) {
      const word = words.find((each) => each === text);
      if (word === undefined) throw unknown(`value of ${option}`, text, words);
      return word;
    },
  };
}

/** The scale of classifier-free guidance: 1, and nothing else, for a model without labels. */
export function guidanceSetting(about: string, fallback: number): Setting<number> {
  return {
    about: `${about}; 1 is none`,
    valueHint: "s",
    usual: `${fallback}, or 1 for a model without labels`,
    fallback: ({ classes }) => (classes > 0 ? fallback : 1),
    read(option, text, { classes }) {
      const scale = numberOption(option, text, 0, 1000);
      if (classes === 0 && scale !== 1)
        throw misuse(`${option} ${text}: this model was trained without labels; leave it out.`);
      return scale;
    },
  };
}

/** `guidanceScale` → `guidance-scale`. */
export function optionName(setting: string): string {
  return setting.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Settings, and whose they are. */
export interface Owner<S extends Settings = Settings> {
  readonly name: string;
  readonly settings: S;
}

/** The options of all owners together. One that several have is told once, with whose it is. */
export function settingOptions(owners: readonly Owner[]): ArgsDef {
  const options: ArgsDef = {};
  for (const name of new Set(owners.flatMap(({ settings }) => Object.keys(settings)))) {
    const whose = new Map<string, Set<string>>();
    const hints = new Set<string>();
    for (const { name: owner, settings } of owners) {
      const setting = settings[name];
      if (!setting) continue;
      const text = `${setting.about} (default ${setting.usual})`;
      whose.set(text, (whose.get(text) ?? new Set()).add(owner));
      hints.add(setting.valueHint);
    }
    options[optionName(name)] = {
      type: "string",
      valueHint: [...hints].join("|"),
      description: [...whose]
        .map(([text, names]) => `Of ${[...names].join(", ")}: ${text}`)
        .join("; "),
    };
  }
  return options;
}

/**
 * One owner's settings from a command line. An option of another owner is refused in one sentence.
 *
 * @param owners all that the command knows
 */
export function readSettings<S extends Settings>(
  { name: owner, settings: own }: Owner<S>,
  given: Readonly<Record<string, unknown>>,
  examples: Examples,
  owners: readonly Owner[],
): ValuesOf<S> {
  for (const name of new Set(owners.flatMap(({ settings }) => Object.keys(settings)))) {
    if (given[optionName(name)] === undefined || Object.hasOwn(own, name)) continue;
    const having = owners.filter(({ settings }) => Object.hasOwn(settings, name));
    const names = [...new Set(having.map((other) => other.name))];
    throw misuse(`--${optionName(name)} is for ${names.join(", ")}; ${owner} has no such thing.`);
  }
  const values = Object.entries(own).map(([name, setting]) => {
    const text = given[optionName(name)];
    return [
      name,
      text === undefined
        ? setting.fallback(examples)
        : setting.read(`--${optionName(name)}`, String(text), examples),
    ];
  });
  return Object.fromEntries(values) as ValuesOf<S>;
}
