import { expect, test } from "vitest";
import type { Comparison } from "./compare.ts";
import { reportOf } from "./report.ts";
import { tableOf } from "./table.ts";

const comparisons: Comparison[] = [
  {
    name: "unet-train",
    parameters: 7,
    flops: 2e9,
    oursMemoryMb: 900,
    oursMs: 150,
    oursFastestMs: 140,
    versions: {},
    peers: {
      "torch-eager": {
        ms: 120,
        fastestMs: 110,
        ratio: { median: 1.25, lowest: 1.2, highest: 1.4 },
        variant: "channels_last",
        checkError: 1e-6,
        memoryMb: 1400,
      },
      "tfjs-cpu": { reason: "it took longer than 30 s" },
    },
  },
  {
    name: "dit-train",
    parameters: 9,
    flops: 3e9,
    oursMemoryMb: undefined,
    oursMs: 80,
    oursFastestMs: 80,
    versions: {},
    peers: {
      "torch-eager": {
        ms: 100,
        fastestMs: 90,
        ratio: { median: 0.8, lowest: 0.7, highest: 0.9 },
        checkError: 1e-6,
        memoryMb: 1400,
      },
    },
  },
];

test("a report has times, ratios and their geometric mean, by peer, and the reason where there is no time", () => {
  const { workloads, geomean } = reportOf(comparisons, {});
  expect(workloads[0]).toMatchObject({
    name: "unet-train",
    oursMs: 150,
    peersMs: { "torch-eager": 120 },
    ratios: { "torch-eager": 1.25 },
    spread: { "torch-eager": [1.2, 1.4] },
    missing: { "tfjs-cpu": "it took longer than 30 s" },
  });
  expect(geomean["torch-eager"]).toBeCloseTo(1, 12);
  expect(geomean["tfjs-cpu"]).toBeUndefined();
});

test("the table shows them, and n/a with its reason", () => {
  const table = tableOf(reportOf(comparisons, { cores: 2 }));
  expect(table).toMatch(/^unet-train +150 +120 +1.25 \(1.20–1.40\) +n\/a$/m);
  expect(table).toContain("unet-train: tfjs-cpu n/a: it took longer than 30 s");
  expect(table).toContain("unet-train: torch-eager in channels_last format");
  expect(table).toContain("unet-train: 2.00 GFLOP; peak memory in MB: ours 900, torch-eager 1400");
  expect(table).toContain("dit-train: 3.00 GFLOP; peak memory in MB: ours ?, torch-eager 1400");
  expect(table).toMatch(/^geometric mean +1.00$/m);
});
