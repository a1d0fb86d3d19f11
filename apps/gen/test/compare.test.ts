import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Comparison, FinishedRow } from "../src/compare/comparison.ts";
import { runGen } from "./run-gen.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "gen-compare-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const compare = (out: string, ...args: string[]): string[] => [
  "compare",
  "flow",
  "--out",
  join(folder, out),
  "--count",
  "50",
  ...args,
];
const read = (out: string): Comparison =>
  JSON.parse(readFileSync(join(folder, out, "compare.json"), "utf8")) as Comparison;

test("points: trained on so many examples, the page holds what the JSON says; again, nothing is done anew", async () => {
  const args = compare("points", "--preset", "points-8gaussians", "--examples", "2000");
  args.push("--set", "data.training=500", "--held-out", "20");
  const first = await runGen(args);
  expect([first.code, first.stderr]).toEqual([0, ""]);
  const { rows, plan } = read("points");
  const row = rows[0] as FinishedRow;
  expect(plan.budget).toEqual({ examples: 2000 });
  // 2,000 examples in batches of 256.
  expect([row.task, row.steps, row.trainingExamples]).toEqual(["flow", 8, 2048]);
  expect(row.likelihood).toMatchObject({ examples: 20, trueNats: expect.any(Number) });
  expect(row.points?.modes?.modes).toBe(8);
  const page = readFileSync(join(folder, "points", "compare.html"), "utf8");
  for (const value of [
    row.points?.slicedWasserstein.distance,
    row.points?.mmd.squared,
    row.points?.modes?.hit,
    row.likelihood?.nats,
    row.parameters,
    row.trainingSeconds,
    row.samplingSeconds,
  ])
    expect(page).toContain(`value="${value}"`);
  expect(page.match(/src="data:image\/png;base64,/g)?.length).toBe(2);

  const again = await runGen(args);
  expect(again.code).toBe(0);
  expect(again.stdout).toContain("flow is compared already.");
  expect(read("points")).toEqual({ plan, rows, backend: read("points").backend, classifier: null });

  const other = await runGen([...args, "--seed", "1"]);
  expect(other.code).toBe(2);
  expect(other.stderr).toMatch(/compare\.json is of another comparison .* choose another --out/);
}, 60_000);

test("a budget of time: a trial says how many steps, and they take about so long", async () => {
  const args = compare("time", "--preset", "points-moons", "--minutes", "0.03");
  const { code, stderr } = await runGen([...args, "--held-out", "2", "--set", "model.width=8"]);
  expect([code, stderr]).toEqual([0, ""]);
  const row = read("time").rows[0] as FinishedRow;
  expect(row.steps).toBeGreaterThan(10);
  expect(row.config.steps).toBe(row.steps);
}, 60_000);

test.each([
  [["--preset", "nonsense"], /no preset of a family: "nonsense"/],
  [["--preset", "glyphs", "--minutes", "1", "--examples", "5"], /not both/],
  [["--preset", "glyphs", "--set", "nonsense=1"], /no setting "nonsense"/],
  [["--preset", "glyphs", "--count", "3"], /--count must be a whole number/],
  [["--preset", "glyphs", "--classifier", "nowhere"], /no run at nowhere/],
])("%s is refused in one sentence", async (args, sentence) => {
  const { code, stderr } = await runGen(compare("bad", ...args));
  expect(stderr).toMatch(sentence);
  expect(stderr).toMatch(/^gen: [^\n]+\n$/);
  expect(code).toBe(2);
  expect(existsSync(join(folder, "bad"))).toBe(false);
});
