import type { RunConfig } from "./config.ts";
import type { Family, Found, Trained } from "./family.ts";
import type { Output } from "./output.ts";
import { readCheckpoint, type SavedRun } from "./run-folder.ts";

/** The newest whole checkpoint of a run; damaged ones are told of. */
export function newestCheckpoint(folder: string, output: Output): Promise<Found> {
  return readCheckpoint(folder, ({ name, reason }) =>
    output.warn(`gen: ${name} is passed over: ${reason}.`),
  );
}

/** The model of a run's newest checkpoint. The caller disposes of it. */
export async function loadRun<C extends RunConfig, T extends Trained>(
  family: Pick<Family<C, T>, "load">,
  folder: string,
  { config, examples }: SavedRun<C>,
  output: Output,
): Promise<T> {
  return family.load(config, examples, await newestCheckpoint(folder, output));
}
