import { type PeerName, peerNames } from "./arguments.ts";
import type { Report } from "./report.ts";

/** The report for people. */
export function tableOf({ machine, workloads, geomean }: Report): string {
  const peers = peerNames.filter((peer) =>
    workloads.some(({ peersMs, missing }) => peer in peersMs || peer in missing),
  );
  const rows = [
    ["ms a step (or batch of samples)", "ours", ...peers.flatMap((peer) => [peer, "ours ÷ it"])],
    ...workloads.map((workload) => [
      workload.name,
      milliseconds(workload.oursMs),
      ...peers.flatMap((peer) => cells(workload, peer)),
    ]),
    ["geometric mean", "", ...peers.flatMap((peer) => ["", geomean[peer]?.toFixed(2) ?? ""])],
  ];
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const lines = rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join("  ")
      .trimEnd(),
  );
  const notes = workloads.flatMap(({ name, missing, variants, fastestMs, memoryMb, gigaflops }) => [
    `${name}: ${gigaflops === undefined ? "" : `${gigaflops.toPrecision(3)} GFLOP; `}peak memory in MB: ${Object.entries(
      memoryMb,
    )
      .map(([who, mb]) => `${who} ${mb ?? "?"}`)
      .join(", ")}`,
    `${name}: fastest steps: ${Object.entries(fastestMs)
      .map(([who, ms]) => `${who} ${milliseconds(ms)}`)
      .join(", ")}`,
    ...Object.entries(variants).map(([peer, variant]) => `${name}: ${peer} in ${variant} format`),
    ...Object.entries(missing).map(([peer, reason]) => `${name}: ${peer} n/a: ${reason}`),
  ]);
  const facts = Object.entries(machine).map(([name, value]) => `${name} ${value}`);
  return `${[...lines, "", ...notes, "", facts.join(", ")].join("\n")}\n`;
}

function cells(workload: Report["workloads"][number], peer: PeerName): [string, string] {
  const ms = workload.peersMs[peer];
  const ratio = workload.ratios[peer];
  const spread = workload.spread[peer];
  if (ms === undefined || ratio === undefined || !spread) return ["n/a", ""];
  const [lowest, highest] = spread.map((value) => significant(value));
  return [milliseconds(ms), `${significant(ratio)} (${lowest}–${highest})`];
}

const milliseconds = (ms: number): string => (ms < 100 ? ms.toFixed(2) : ms.toFixed(0));

const significant = (ratio: number): string =>
  ratio < 0.1 ? ratio.toPrecision(2) : ratio.toFixed(2);
