import { useBackend, key, tensor, type Tensor } from "@gen/tensor";
import { workloadOf } from "./workloads/index.ts";
const [name, threads, steps] = process.argv.slice(2);
await useBackend("onnx", { threads: Number(threads) });
const w = workloadOf(name!);
const { begin } = w.create(key(0));
const inputs: Record<string, Tensor> = {};
for (const [n, { shape, data, dtype }] of Object.entries(w.inputs()))
  inputs[n] = tensor(data as Float32Array, [...shape], dtype === "F32" ? "float32" : "int32");
const step = begin(inputs);
for (let i = 0; i < 3; i++) await step(i);
const t: number[] = [];
for (let i = 0; i < Number(steps); i++) {
  const s = performance.now();
  await step(3 + i);
  t.push(performance.now() - s);
}
t.sort((a, b) => a - b);
console.log(
  name,
  "threads",
  threads,
  "median",
  t[t.length >> 1]!.toFixed(1),
  "min",
  t[0]!.toFixed(1),
  "rss",
  (process.resourceUsage().maxRSS / 1024).toFixed(0),
);
