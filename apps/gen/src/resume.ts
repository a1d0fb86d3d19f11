import { differences, type RunConfig } from "./config.ts";
import { misuse } from "./failure.ts";

/** Refuses to go on with a run under another configuration, naming what differs. */
export function refuseOther(folder: string, found: RunConfig | undefined, wanted: RunConfig): void {
  if (!found) return;
  if (found.task !== wanted.task) {
    throw misuse(
      `${folder} is a run of gen train ${found.task}; choose another --out for gen train ${wanted.task}.`,
    );
  }
  const differing = differences(found, wanted);
  if (differing.length > 0) {
    throw misuse(
      `${folder} holds a run with other settings: ${differing.join(", ")}; ` +
        "give the same settings (or just --resume) to go on with it, or choose another --out.",
    );
  }
}
