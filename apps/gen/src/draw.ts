import { foldIn, key } from "@gen/random";
import type { Sampling, Trained } from "./family.ts";
import type { Output } from "./output.ts";
import type { SampleSettings } from "./sample-options.ts";
import type { Settings } from "./settings.ts";
import { createProgress } from "./status-line.ts";

/** Draws samples with a status line. */
export async function drawWithProgress<T extends Trained, S extends Settings>(
  sampling: Sampling<T, S>,
  trained: T,
  { labels, seed, own }: SampleSettings<S>,
  output: Output,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const count = labels.length;
  const began = performance.now();
  const progress = createProgress("sample", 0, count);
  const samples = await sampling.draw(trained, {
    labels,
    settings: own,
    key: foldIn(key(seed), 0),
    signal,
    onProgress(done) {
      progress.advance(done);
      output.status(() => progress.line());
      output.event("progress", { done, count });
    },
  });
  output.clearStatus();
  const seconds = (performance.now() - began) / 1000;
  const how = Object.entries(own).map(([name, value]) => `${name} ${value}`);
  output.say(
    `Drew ${count} samples in ${seconds.toFixed(1)} s${how.length > 0 ? ` (${how.join(", ")})` : ""}.`,
  );
  return samples;
}
