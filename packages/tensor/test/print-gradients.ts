// `pnpm --filter @gen/tensor gradients`: how far the derivatives of every operation are from central differences, which
// an independent implementation took in float64 (tooling/reference/gradients.py). GEN_BACKEND chooses the backend.
import process from "node:process";
import { useBackend } from "../src/index.ts";
import { gradientTable } from "./gradient-table.ts";

const { name, device } = await useBackend();
const { rows, refused, worst } = await gradientTable();
const width = Math.max(...[...rows, ...refused].map((row) => row.name.length));
const cell = (error: number | string): string =>
  (typeof error === "number" ? error.toExponential(1) : error).padStart(9);

console.log(`Maximum relative error on ${name}, ${device}\n`);
console.log(`${"operation".padEnd(width)} ${cell("first")} ${cell("second")}`);
for (const row of rows) {
  if ("missing" in row) console.log(`${row.name.padEnd(width)}  ${row.missing}`);
  else console.log(`${row.name.padEnd(width)} ${cell(row.first)} ${cell(row.second)}`);
}
console.log("\nRefused, with an error that names the operation");
for (const { name: kernel, error, reason } of refused) {
  console.log(`${kernel.padEnd(width)}  ${error} (${reason})`);
}
console.log(
  `\n${rows.length} operations, worst first ${cell(worst.first).trim()}, second ${cell(worst.second).trim()}`,
);
if (!(worst.first <= 1e-3 && worst.second <= 1e-3)) process.exitCode = 1;
