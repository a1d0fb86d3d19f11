import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runGen, startGen, tiny } from "./run-gen.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "gen-resume-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (out: string, steps: number, every: number): string[] => [
  ...tiny,
  "--json",
  "--out",
  join(folder, out),
  "--steps",
  String(steps),
  "--set",
  `checkpointEvery=${every}`,
];
const checkpoint = (out: string, steps: number): Buffer =>
  readFileSync(
    join(folder, out, "checkpoints", `step-${String(steps).padStart(8, "0")}.safetensors`),
  );
const lines = (text: string): { event: string; step: number }[] =>
  text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { event: string; step: number });

test("killed at ten random moments and resumed each time, training ends with the same bytes", async () => {
  const steps = 4000;
  expect((await runGen(run("whole", steps, steps))).code).toBe(0);
  for (let kill = 0; kill < 10; kill++) {
    const { child, ended } = startGen(run("killed", steps, 7));
    // At a moment of chance: in a step, in a save, in a rename.
    let left = 1 + Math.floor(Math.random() * 150);
    child.stdout?.on("data", (text: Buffer) => {
      left -= text.toString().split('"event":"step"').length - 1;
      if (left <= 0) setTimeout(() => child.kill("SIGKILL"), Math.random() * 5);
    });
    expect((await ended).signal).toBe("SIGKILL");
  }
  const last = await runGen(run("killed", steps, 7));
  expect(last.stderr).toBe("");
  expect(last.code).toBe(0);
  expect(
    Buffer.compare(weights(checkpoint("killed", steps)), weights(checkpoint("whole", steps))),
  ).toBe(0);
  // Nothing is left of writes that were cut short, and the metrics have every step once.
  expect(
    readdirSync(join(folder, "killed", "checkpoints")).filter((name) => name.endsWith(".tmp")),
  ).toEqual([]);
  const logged = readFileSync(join(folder, "killed", "metrics.jsonl"), "utf8");
  expect(lines(logged).map(({ step }) => step)).toEqual(
    Array.from({ length: steps }, (_, i) => i + 1),
  );
}, 120_000);

/** Without the header, which says how often was saved. */
function weights(file: Buffer): Buffer {
  return file.subarray(8 + Number(file.readBigUInt64LE(0)));
}

test("a damaged checkpoint is passed over, and the one before it is used", async () => {
  await runGen(run("damaged", 20, 10));
  const { truncateSync, statSync } = await import("node:fs");
  const newest = join(folder, "damaged", "checkpoints", "step-00000020.safetensors");
  truncateSync(newest, statSync(newest).size - 5);
  const { code, stdout, stderr } = await runGen(run("damaged", 20, 10));
  expect(code).toBe(0);
  expect(stderr).toMatch(/step-00000020\.safetensors is passed over: .+\.\n$/);
  expect(lines(stdout).find(({ event }) => event === "resume")?.step).toBe(10);
});

test("Ctrl-C saves, says how to go on, and the run goes on from there", async () => {
  const out = join(folder, "interrupted");
  const args = [...tiny, "--out", out, "--steps", "1000000"];
  const { child, ended } = startGen(args);
  await new Promise<void>((resolve) => {
    child.stdout?.on("data", (text: Buffer) => text.toString().includes("step ") && resolve());
    child.once("close", () => resolve());
  });
  child.kill("SIGINT");
  const { code, stdout, stderr } = await ended;
  expect(code).toBe(130);
  expect(stderr).toContain("this step is finished and saved");
  expect(stdout).toContain(`To go on: gen train flow --resume --out ${out}`);
  const saved = readdirSync(join(out, "checkpoints"));
  expect(saved.length).toBe(1);
  expect(existsSync(join(out, "run.lock"))).toBe(false);

  const step = Number(/step-(\d+)/.exec(saved[0] as string)?.[1]);
  const again = startGen(["train", "flow", "--resume", "--out", out, "--json"]);
  await new Promise<void>((resolve) => {
    again.child.stdout?.on(
      "data",
      (text: Buffer) => text.toString().includes('"step"') && resolve(),
    );
    again.child.once("close", () => resolve());
  });
  again.child.kill("SIGTERM");
  const resumed = await again.ended;
  expect(resumed.code).toBe(143);
  expect(lines(resumed.stdout).find(({ event }) => event === "resume")?.step).toBe(step);
}, 60_000);

test("two runs into one folder: the second is refused and the first is not disturbed", async () => {
  const out = join(folder, "shared");
  const args = [...tiny, "--out", out, "--steps", "1000000"];
  const first = startGen(args);
  await new Promise<void>((resolve) => {
    first.child.stdout?.on(
      "data",
      (text: Buffer) => text.toString().includes("step ") && resolve(),
    );
    first.child.once("close", () => resolve());
  });
  const second = await runGen(args);
  expect(second.code).toBe(1);
  expect(second.stderr).toBe(
    `gen: ${out} is in use by another run (process ${first.child.pid}); wait for it, stop it, or choose another --out.\n`,
  );
  first.child.kill("SIGINT");
  expect((await first.ended).code).toBe(130);
}, 60_000);
