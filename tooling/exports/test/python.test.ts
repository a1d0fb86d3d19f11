import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { serialize, type StoredTensor } from "@gen/safetensors";
import { useBackend } from "@gen/tensor";
import { expect, test } from "vitest";
import { type Case, caseOf, type Values } from "../src/cases.ts";
import { networks } from "../src/networks.ts";

const script = fileURLToPath(new URL("../../reference/check_onnx.py", import.meta.url));
const python = process.env["GEN_PYTHON"];
const why = python ? "" : " (skipped: name a Python with onnx and onnxruntime in GEN_PYTHON)";

test.skipIf(!python)(
  `ONNX's checker, its shape inference and onnxruntime in Python accept every network, weights beside it${why}`,
  async () => {
    await useBackend("onnx", { device: "cpu" });
    const folder = mkdtempSync(join(tmpdir(), "gen-onnx-"));
    try {
      const all = networks();
      for (const [i, network] of all.entries()) {
        // Every other one has its weights inside.
        const beside = i % 2 === 0 ? { weightsFile: `${i}.safetensors` } : {};
        write(folder, await caseOf(network, beside), beside.weightsFile);
      }
      const { stdout } = await promisify(execFile)(python as string, [script, folder]).catch(
        (error: { stdout: string; stderr: string }) => {
          if (!error.stdout) throw error;
          return error;
        },
      );
      const reports = stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as { model: string; error?: string; worst: number });
      expect(reports.filter(({ error }) => error)).toEqual([]);
      expect(reports.length).toBe(all.length);
      for (const { worst } of reports) expect(worst).toBeLessThanOrEqual(1e-4);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  120_000,
);

/** Lays a model down with its inputs and outputs, as the script reads them. */
function write(folder: string, { name, file, runs }: Case, weightsFile: string | undefined): void {
  writeFileSync(join(folder, `${name}.onnx`), file.model);
  if (weightsFile) writeFileSync(join(folder, weightsFile), file.weights as Uint8Array);
  runs.forEach(({ inputs, output }, i) => {
    const named = [
      ...inputs.map((values, k) => [`in.${file.inputs[k]?.name}`, stored(values)]),
      [`out.${file.outputs[0]?.name}`, stored(output)],
    ];
    const tensors = Object.fromEntries(named) as Record<string, StoredTensor>;
    writeFileSync(join(folder, `${name}.${i}.values.safetensors`), serialize(tensors));
  });
}

function stored({ dtype, shape, data }: Values): StoredTensor {
  return { dtype: dtype === "int32" ? "I32" : "F32", shape, data } as StoredTensor;
}
