import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bench } from "./bench.ts";
import type { Report } from "./report.ts";

const run = async (...argv: string[]) => {
  const lines: string[] = [];
  const report = await bench(
    argv,
    {},
    { out: (t) => lines.push(t), progress: (t) => lines.push(t) },
  );
  return { report, text: lines.join("\n") };
};

test("without Python, the flow on points is timed against WebAssembly and does the same work", async () => {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const json = join(folder, "report.json");
  const { text } = await run(
    ..."--workloads mlp-train --peers torch-eager,tfjs-wasm --quick --rounds 1 --json".split(" "),
    json,
  );
  const { machine, workloads, geomean } = JSON.parse(readFileSync(json, "utf8")) as Report;
  rmSync(folder, { recursive: true });
  expect(text).toContain("PyTorch is left out: give a Python that has torch");
  expect(workloads.map(({ name }) => name)).toEqual(["mlp-train"]);
  const [{ oursMs, peersMs, ratios, checkErrors, parameters }] = workloads as [
    Report["workloads"][0],
  ];
  expect(parameters).toBe(3 * 256 + 256 + 3 * (256 * 256 + 256) + 2 * 256 + 2);
  expect(oursMs).toBeGreaterThan(0);
  expect(ratios["tfjs-wasm"]).toBeCloseTo(oursMs / peersMs["tfjs-wasm"]!, 6);
  expect(geomean["tfjs-wasm"]).toBeCloseTo(ratios["tfjs-wasm"]!, 6);
  expect(checkErrors["tfjs-wasm"]).toBeLessThan(1e-3);
  expect(peersMs["torch-eager"]).toBeUndefined();
  expect(machine["onnxruntime"]).toBe("1.30.0");
});

test("a Python that cannot be started is refused before anything runs", async () => {
  await expect(run("--python", "/no/such/python")).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringMatching(/^PyTorch cannot be run by "\/no\/such\/python": .* has torch$/),
  });
});

test("a folder that is missing is refused before anything runs, and not made", async () => {
  await expect(run("--json", "/no/such/folder/report.json")).rejects.toMatchObject({ exitCode: 2 });
  expect(existsSync("/no/such/folder")).toBe(false);
});

test("help names every option and runs nothing", async () => {
  const { report, text } = await run("--help");
  expect(report).toBeUndefined();
  for (const option of ["--workloads", "--peers", "--python", "--rounds", "--quick", "--json"]) {
    expect(text).toContain(option);
  }
});
