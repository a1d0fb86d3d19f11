import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode } from "fast-png";
import { afterAll, expect, test } from "vitest";
import { runGen } from "./run-gen.ts";

const folder = mkdtempSync(join(tmpdir(), "gen-show-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What `gen show …` wrote. */
async function shown(file: string, ...args: string[]): Promise<Buffer> {
  const out = join(folder, file);
  const { code, stdout, stderr } = await runGen(["show", ...args, "--out", out]);
  expect([code, stdout, stderr]).toEqual([0, `Wrote ${out}\n`, ""]);
  return readFileSync(out);
}

/** The points of all lines of a colour. */
function points(svg: string, color: string): [number, number][] {
  const lines = [
    ...svg.matchAll(new RegExp(`<path d="(M[^"]*L[^"]*)"[^>]*stroke="${color}"`, "g")),
  ];
  return lines.flatMap((line) =>
    [...(line[1] as string).matchAll(/[ML]([\d.-]+) ([\d.-]+)/g)].map(
      (m) => [Number(m[1]), Number(m[2])] as [number, number],
    ),
  );
}

test("gen show path draws a straight line for rectified flow's a, and names what it draws", async () => {
  const svg = (await shown("path.svg", "path", "rectifiedFlow,edm")).toString();
  expect(svg).toContain(">rectifiedFlow</text>");
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  // a = 1 - t over [0, 1.02] in 240 pixels: the first 121 points are the first chart's.
  for (const [x, y] of points(svg, "#0072b2").slice(0, 121))
    expect(y).toBeCloseTo(240 * (1 - (1 - x / 320) / 1.02), 0);
});

test("gen show schedule draws as many noise levels as steps", async () => {
  const svg = (
    await shown("deep/er/schedule.svg", "schedule", "karrasGrid", "--steps", "7")
  ).toString();
  expect(points(svg, "#0072b2")).toHaveLength(7);
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
});

test("gen show sampler leads noise to the data, and its error lines have the samplers' slopes", async () => {
  const svg = (await shown("s.svg", "sampler", "euler,rk4,ddpm", "--count", "4")).toString();
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  expect(svg.match(/<use href="#density"/g)).toHaveLength(3);
  // The last seven points of a colour are its error: N doubles from place to place, the axis is logarithmic.
  const fall = (color: string): number => {
    const errors = points(svg, color).slice(-7);
    return (errors[6] as [number, number])[1] - (errors[4] as [number, number])[1];
  };
  expect(fall("#d55e00") / fall("#0072b2")).toBeGreaterThan(3.5);
  expect(fall("#d55e00") / fall("#0072b2")).toBeLessThan(4.5);
});

test("gen show data draws points as SVG and images as PNG", async () => {
  const svg = (await shown("d.svg", "data", "moons,rings", "--count", "50")).toString();
  expect(svg.match(/h0/g)).toHaveLength(100);
  const png = decode(await shown("d.png", "data", "glyphs", "--count", "9"));
  expect([png.width, png.height]).toEqual([3 * 58 + 2, 3 * 58 + 2]);
  expect(Math.max(...png.data)).toBe(255);
});

test("samples of points are scored while a run trains, and its curves show the scores", async () => {
  const run = join(folder, "gan");
  const settings = ["steps=20", "sampleEvery=10", "batchSize=32", "data.training=500"];
  const preset = ["--preset", "points-8gaussians", ...settings.flatMap((one) => ["--set", one])];
  expect((await runGen(["train", "gan", ...preset, "--out", run])).stderr).toBe("");
  const lines = readFileSync(join(run, "metrics.jsonl"), "utf8").trim().split("\n");
  const rows = lines.map((line) => JSON.parse(line) as Record<string, number>);
  const scored = rows.filter(({ slicedWasserstein }) => slicedWasserstein !== undefined);
  expect(scored.map(({ step }) => step)).toEqual([10, 20]);
  for (const { slicedWasserstein, modesHit, highQualityShare } of scored) {
    expect(slicedWasserstein).toBeGreaterThan(0);
    expect(modesHit).toBeLessThanOrEqual(8);
    expect(highQualityShare).toBeLessThanOrEqual(1);
  }
  expect((await runGen(["show", "run", run, "curves"])).code).toBe(0);
  const svg = readFileSync(join(run, "pictures", "curves.svg"), "utf8");
  expect(svg).toContain(">modesHit</text>");
  expect(svg).not.toMatch(/NaN|undefined/);
});

test.concurrent.for<[string[], string]>([
  [
    ["path", "edmm"],
    'There is no name for gen show path, "edmm" (did you mean "edm"?); there is: ',
  ],
  [["sampler", "--steps", "0"], '--steps must be a whole number from 1 to 1000, got "0".'],
  [["schedule", "--steps", "1"], "--steps must be a whole number from 2 to 1000"],
  [["data", "moons,glyphs"], "images are drawn one set at a time"],
  [["path", "--out", "x.png"], 'this picture is SVG; give a name that ends in .svg, got "x.png".'],
])("gen show %s is refused in one sentence", async ([args, sentence], { expect: check }) => {
  const { code, stdout, stderr } = await runGen(["show", ...args]);
  check([code, stdout]).toEqual([2, ""]);
  check(stderr).toContain(sentence);
  check(stderr.trim().split("\n")).toHaveLength(1);
});
