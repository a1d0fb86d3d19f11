// Times 50 Heun steps of a perceptron in the plane; tooling/reference/sampler_speed.py is PyTorch's side.
// npx tsx --conditions=@gen/source test/speed.ts [threads]
import { rectifiedFlow, uniformGrid } from "@gen/schedules";
import { key, normal, useBackend } from "@gen/tensor";
import { compiled, heun, sample } from "../src/index.ts";
import { perceptron } from "./perceptron.ts";

await useBackend("onnx", { threads: Number(process.argv[2] ?? 2) });
const denoiser = perceptron(rectifiedFlow, "velocity", 64, 3);
for (const count of [256, 10_000]) {
  const noise = normal(key(9), [count, 2]);
  for (const stepsAtOnce of [1, 10, 50]) {
    const sampler = compiled(heun(uniformGrid(50)), { stepsAtOnce });
    const times: number[] = [];
    for (let i = 0; i < 12; i++) {
      const start = performance.now();
      (await sample({ denoiser, sampler, noise })).dispose();
      times.push(performance.now() - start);
    }
    const sorted = times.slice(2).sort((a, b) => a - b) as [number, ...number[]];
    console.log(
      `${count} points, ${stepsAtOnce} steps at once: ${sorted[5]?.toFixed(1)} ms (least ${sorted[0].toFixed(1)})`,
    );
    sampler.dispose();
  }
  noise.dispose();
}
