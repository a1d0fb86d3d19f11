import { expect, test } from "vitest";
import { runGen } from "./run-gen.ts";

const commands = [
  "train flow",
  "train classifier",
  "sample",
  "eval",
  "compare",
  "export",
  "show path",
  "show schedule",
  "show sampler",
  "show data",
  "show run",
  "demo",
  "doctor",
];

test.concurrent.for(commands)(
  "gen %s --help tells every option",
  async (command, { expect: check }) => {
    const { code, stdout, stderr } = await runGen([...command.split(" "), "--help"]);
    check([code, stderr]).toEqual([0, ""]);
    check(stdout).toContain(`Usage: gen ${command}`);
    check(stdout).toContain("--json");
    check(stdout).not.toContain("--debug");
  },
);

test("without a command there is a list of them, and code 2; --version is a number", async () => {
  const bare = await runGen([]);
  expect(bare.code).toBe(2);
  for (const name of ["train", "sample", "eval", "compare", "export", "show", "demo", "doctor"])
    expect(bare.stdout).toContain(`\n  ${name}`);
  expect((await runGen(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test("gen doctor times what works and tells how to install what does not", async () => {
  const { code, stdout } = await runGen(["doctor", "--json"]);
  expect(code).toBe(0);
  const events = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const cpu = events.find(({ name, event }) => event === "backend" && name === "cpu");
  expect(cpu).toMatchObject({ works: true });
  expect(cpu?.["matMulMs"]).toBeGreaterThan(0);
  expect(cpu?.["convGflops"]).toBeGreaterThan(0);
  const devices = events.filter(({ name, event }) => event === "backend" && name === "onnx");
  expect(devices.map(({ device }) => device)).toEqual(["cpu", "webgpu", "cuda", "wasm"]);
  for (const device of devices) {
    if (!device["works"]) expect(device["reason"]).toMatch(/install|needs/);
  }
  const tensorflow = events.find(({ name, event }) => event === "backend" && name === "tensorflow");
  if (!tensorflow?.["works"])
    expect(tensorflow?.["reason"]).toContain("npm install @tensorflow/tfjs-node");
  expect(events.at(-1)).toHaveProperty("event", "chosen");
});
