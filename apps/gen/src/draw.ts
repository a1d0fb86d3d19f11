import { foldIn, key } from "@gen/random";
import type { NetworkDenoiser } from "@gen/diffusion";
import type { Examples } from "./examples.ts";
import type { Output } from "./output.ts";
import type { SampleSettings } from "./sample-options.ts";
import { drawSamples } from "./sampling.ts";
import { createProgress } from "./status-line.ts";

/** Draws samples with a status line. */
export async function drawWithProgress(
  denoiser: NetworkDenoiser,
  examples: Examples,
  settings: SampleSettings,
  output: Output,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const { labels, steps, solver, guidanceScale, seed } = settings;
  const count = labels.length;
  const began = performance.now();
  const progress = createProgress("sample", 0, count);
  const samples = await drawSamples(denoiser, examples, {
    labels,
    steps,
    solver,
    guidanceScale,
    key: foldIn(key(seed), 0),
    batchSize: examples.shape.length === 1 ? 10_000 : 100,
    signal,
    onProgress(done) {
      progress.advance(done);
      output.status(() => progress.line());
      output.event("progress", { done, count });
    },
  });
  output.clearStatus();
  const seconds = (performance.now() - began) / 1000;
  const how = `${solver}, ${steps} steps${examples.classes > 0 ? `, guidance ${guidanceScale}` : ""}`;
  output.say(`Drew ${count} samples in ${seconds.toFixed(1)} s (${how}).`);
  return samples;
}
