import { checkConfig, type RunConfig } from "./config.ts";
import { unknown } from "./closest.ts";
import type { Family } from "./family.ts";
import { applyOverride } from "./overrides.ts";
import { dataPresets } from "./preset-parts.ts";

/** A preset of a family with `a.b=c` overrides applied one after another, checked. */
export function resolveConfig<C extends RunConfig>(
  family: Pick<Family<C>, "task" | "presets" | "schema" | "alternatives">,
  preset: string,
  overrides: readonly string[],
): C {
  const { task, presets, schema } = family;
  const base = Object.hasOwn(presets, preset) ? presets[preset] : undefined;
  if (!base) throw unknown(`preset for gen train ${task}:`, preset, Object.keys(presets));
  return checkConfig(schema, applyOverrides(family, base, overrides), `preset ${preset}`);
}

/** The same overrides on any configuration of the family; not checked. */
export function applyOverrides<C extends RunConfig>(
  { alternatives }: Pick<Family<C>, "alternatives">,
  config: C,
  overrides: readonly string[],
): C {
  const all = { "data.name": dataPresets, ...alternatives };
  return overrides.reduce((result, assignment) => applyOverride(result, assignment, all), config);
}
