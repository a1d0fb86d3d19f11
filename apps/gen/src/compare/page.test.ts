import { expect, test } from "vitest";
import { families } from "../families/index.ts";
import { resolveConfig } from "../presets.ts";
import { columnsOf, ordered } from "./columns.ts";
import type { Comparison, FinishedRow } from "./comparison.ts";
import { comparisonPage } from "./page.ts";

const interval = { low: 1, high: 2, level: 0.95 };
const config = resolveConfig(families[0]!, "points-moons", []);

function row(task: string, distance: number, rest: Partial<FinishedRow> = {}): FinishedRow {
  return {
    task,
    config,
    parameters: 1234,
    steps: 10,
    trainingExamples: 2560,
    trainingSeconds: 61,
    samples: 100,
    samplingSeconds: 2.5e-4,
    sampling: { temperature: 1 },
    points: {
      samples: 100,
      heldOut: 100,
      slicedWasserstein: {
        distance,
        directionError: 0,
        dims: 2,
        protocol: "",
        extractor: "",
        counts: [1, 1],
      },
      realSlicedWasserstein: 0.06,
      mmd: {
        squared: 0.02,
        biased: 0.03,
        standardError: 0.001,
        dims: 2,
        interval,
        protocol: "",
        extractor: "",
        counts: [1, 1],
      },
      modes: null,
    },
    ...rest,
  };
}

const comparison: Comparison = {
  plan: {
    preset: "points-moons",
    set: ["data.training=100"],
    data: { name: "points", set: "moons", training: 100, seed: 1 },
    budget: { examples: 2560 },
    count: 100,
    heldOut: 50,
    seed: 0,
  },
  backend: "onnx <on> cpu",
  classifier: null,
  rows: [
    row("worse", 0.5),
    row("better", 0.123456),
    { task: "broken", failed: 'Training became unstable & "stopped".' },
  ],
};
const png = Uint8Array.of(1, 2, 3);
const page = comparisonPage(comparison, { real: png, samples: { worse: png, better: png } });

test("every number of the page is that of the row, and is written as it is", () => {
  const columns = columnsOf("points");
  for (const each of comparison.rows) {
    if (!("config" in each)) continue;
    const part = page.slice(page.indexOf(`<tr id="${each.task}">`)).split("</tr>")[0] as string;
    const values = [...part.matchAll(/<data class="(\w+)" value="([^"]+)">/g)];
    const found = Object.fromEntries(values.map(([, name, value]) => [name, Number(value)]));
    const wanted = columns.flatMap((column) => {
      const cell = column.cell(each);
      return "value" in cell ? [[column.name, cell.value]] : [];
    });
    expect(found).toEqual(Object.fromEntries(wanted));
    expect(found["parameters"]).toBe(1234);
  }
  expect(page).toContain('value="0.123456">0.123</data>');
  expect(page).toContain('value="61">1:01</data>');
  expect(page).toContain('value="0.00025">250 µs</data>');
});

test("rows are ordered, what is missing says why, a family that failed is told of", () => {
  expect(page.indexOf('<tr id="better">')).toBeLessThan(page.indexOf('<tr id="worse">'));
  expect(page).toContain("– the set has no modes that are known");
  expect(page).toContain("– this family has none");
  expect(page).toMatch(/held-out data<\/th>\s*<td data-title="Sliced Wasserstein distance">0.06</);
  expect(page).toContain("Training became unstable &amp; &quot;stopped&quot;.");
  expect(page).toContain("onnx &lt;on&gt; cpu");
  const unscored = { ...row("none", 1) };
  delete unscored.points;
  const sorted = ordered([unscored, row("one", 1)], columnsOf("points"));
  expect(sorted.map(({ task }) => task)).toEqual(["one", "none"]);
});

test("the page needs nothing else: no script, no link, no file", () => {
  expect(page).not.toMatch(/<script|<link|@import|url\(|https?:/);
  for (const [, source] of page.matchAll(/src="([^"]*)"/g))
    expect(source).toMatch(/^data:image\/png;base64,AQID$/);
  expect(page).toContain("prefers-color-scheme: dark");
  expect(page).toContain(
    "gen compare worse,better,broken --preset points-moons --examples 2560 --count 100 --held-out 50 --seed 0 --set data.training=100",
  );
});
