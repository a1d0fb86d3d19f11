// `pnpm --filter @gen/bench overhead [CALLS]`: what a compiled step costs outside ONNX Runtime's run.
import process from "node:process";
import { useBackend } from "@gen/tensor";
import { manyVariables } from "./many-variables.ts";
import { overheadOf, stepOf } from "./overhead.ts";
import { workloadOf } from "./workloads/index.ts";

const calls = Number(process.argv[2] ?? 50);
const { device } = await useBackend("onnx", { device: "cpu" });
const line = (...cells: string[]): void =>
  console.log(cells.map((cell, i) => (i === 0 ? cell.padEnd(16) : cell.padStart(20))).join(""));

console.log(`Milliseconds on ${device}, medians of ${calls} calls: passed / on the processor\n`);
line("step", "operations", "to compile", "a run", "outside of the run");
for (const [name, step] of [
  ["300 variables", manyVariables().step],
  ["unet-train", stepOf(workloadOf("unet-train"))],
] as const) {
  const { nodes, ...spans } = await overheadOf(step, calls);
  const cells = [spans.compile, spans.run, spans.outside].map(
    ({ wall, processor }) => `${wall.toFixed(2)} / ${processor.toFixed(2)}`,
  );
  line(name, String(nodes), ...cells);
}
