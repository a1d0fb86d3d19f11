import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { writeFailure, writeFileAtomic } from "./atomic-file.ts";
import { formatJson } from "./format.ts";
import type { LossPoint } from "./loss-plot.ts";

/** The metrics of a run, one JSON object a line. */
export interface MetricsLog {
  /** All losses so far, those of earlier starts included. */
  readonly points: LossPoint[];
  /** What was measured at a step; a `loss` among it is of `points`. */
  append(step: number, metrics: Readonly<Record<string, number>>): void;
  close(): void;
}

/**
 * Opens metrics.jsonl to go on after a step. Lines of later steps, and one cut short, are of a killed run that will be
 * done again: they are dropped.
 */
export function openMetricsLog(path: string, step: number): MetricsLog {
  const kept = readMetrics(path).filter((line) => line.step <= step);
  writeFileAtomic(path, kept.map((line) => `${formatJson(line)}\n`).join(""));
  const file = openSync(path, "a");
  const points = kept
    .filter(({ loss }) => loss !== undefined)
    .map(({ step: at, loss }) => ({ step: at, loss: Number(loss) }));
  return {
    points,
    append(at, metrics) {
      try {
        writeSync(file, `${formatJson({ step: at, ...metrics })}\n`);
      } catch (error) {
        throw writeFailure(path, error);
      }
      if (metrics["loss"] !== undefined) points.push({ step: at, loss: metrics["loss"] });
    },
    close: () => closeSync(file),
  };
}

/** Metrics of a step, `loss` and `seconds` among them, or scores of its samples. One that was not finite is its name: "NaN". */
export type MetricsLine = { step: number } & Record<string, number | string>;

/** All whole lines of a metrics.jsonl; none if there is no such file. */
export function readMetrics(path: string): MetricsLine[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return [];
  }
  return text.split("\n").flatMap((line) => {
    try {
      return [JSON.parse(line) as MetricsLine];
    } catch {
      return [];
    }
  });
}
