import { checkConfig, type RunConfig } from "./config.ts";
import { unknown } from "./closest.ts";
import { families } from "./families/index.ts";
import type { Family } from "./family.ts";

/** The family of a task. */
export function familyOf({ task }: { task: string }): Family {
  const family = families.find((each) => each.task === task);
  if (!family)
    throw unknown(
      "family of models",
      task,
      families.map((each) => each.task),
    );
  return family;
}

/**
 * Checks a configuration from a file, whatever its family.
 *
 * @param where named in the sentence
 */
export function parseConfig(value: unknown, where: string): RunConfig {
  const task = (value as { task?: unknown } | null | undefined)?.task;
  const family = families.find((each) => each.task === task);
  if (family) return checkConfig(family.schema, value, where);
  throw unknown(
    `family of models in ${where}: task`,
    String(task),
    families.map((each) => each.task),
  );
}
