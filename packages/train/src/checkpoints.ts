import { type Checkpoint, decodeCheckpoint } from "./checkpoint.ts";
import type { Store } from "./store.ts";

const NAME = /^step-(\d+)\.safetensors$/;

/** The name of the checkpoint of a step: `step-00001000.safetensors`. */
export function checkpointName(step: number): string {
  return `step-${String(step).padStart(8, "0")}.safetensors`;
}

/**
 * The newest checkpoint that is whole.
 *
 * @param onRefuse told of each newer one that is damaged
 * @returns nothing when the store holds no checkpoints; throws when all that it holds are damaged
 */
export async function latestCheckpoint(
  store: Store,
  onRefuse?: (event: { name: string; reason: string }) => void,
): Promise<{ name: string; checkpoint: Checkpoint } | undefined> {
  const names = await listCheckpoints(store);
  for (const { name } of names) {
    const bytes = await store.read(name);
    try {
      return { name, checkpoint: decodeCheckpoint(bytes) };
    } catch (error) {
      onRefuse?.({ name, reason: (error as Error).message });
    }
  }
  if (names.length > 0) {
    throw new Error(
      `latestCheckpoint: all checkpoints are damaged (${names.map(({ name }) => name).join(", ")}); remove them to start anew`,
    );
  }
  return undefined;
}

/** Removes all checkpoints but the last `count` up to `step`: older ones, and newer ones, which were refused. */
export async function pruneCheckpoints(store: Store, step: number, count: number): Promise<void> {
  const all = await listCheckpoints(store);
  const kept = all.filter((checkpoint) => checkpoint.step <= step).slice(0, count);
  for (const checkpoint of all) {
    if (!kept.includes(checkpoint)) await store.remove(checkpoint.name);
  }
}

/** Newest first. */
async function listCheckpoints(store: Store): Promise<{ name: string; step: number }[]> {
  const names = await store.list();
  return names
    .flatMap((name) => {
      const match = NAME.exec(name);
      return match ? [{ name, step: Number(match[1]) }] : [];
    })
    .sort((a, b) => b.step - a.step);
}
