import { readFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { foldIn, key } from "@gen/random";
import { writeFileAtomic } from "../atomic-file.ts";
import type { RunConfig } from "../config.ts";
import type { Dataset } from "../dataset.ts";
import { drawGrid } from "../draw-grid.ts";
import { drawWithProgress } from "../draw.ts";
import { sizeOf } from "../examples.ts";
import { Failure, messageOf, misuse } from "../failure.ts";
import type { Reader } from "../families/classifier.ts";
import type { SamplePlan, Trained } from "../family.ts";
import { makeFolder } from "../file-store.ts";
import { formatJson } from "../format.ts";
import { listenForInterrupt } from "../interrupt.ts";
import { allClasses, spreadLabels } from "../labels.ts";
import { loadRun } from "../load-run.ts";
import { measure } from "../measure.ts";
import { readMetrics } from "../metrics-log.ts";
import type { Output } from "../output.ts";
import { resolveConfig } from "../presets.ts";
import { refuseOther } from "../resume.ts";
import { findRun, runPaths } from "../run-folder.ts";
import { type DrawingFamily, examplesOfSamples } from "../sample-options.ts";
import { readSettings } from "../settings.ts";
import { trainFamily } from "../train-family.ts";
import {
  type Budget,
  type Comparison,
  type ComparisonPlan,
  describeBudget,
  type Row,
} from "./comparison.ts";
import { examplesPerStep, lasting, secondsPerStep } from "./lasting.ts";
import { comparisonPage } from "./page.ts";
import { realSamples } from "./real-samples.ts";

/** Where a comparison lies. */
export function comparisonPaths(folder: string): Record<"json" | "page" | "real", string> {
  return {
    json: join(folder, "compare.json"),
    page: join(folder, "compare.html"),
    real: join(folder, "data.png"),
  };
}

export interface CompareOptions {
  folder: string;
  families: readonly DrawingFamily[];
  plan: ComparisonPlan;
  dataset: Dataset;
  backend: string;
  reader: Reader | undefined;
  heldOutAccuracy: number | null;
  output: Output;
}

/**
 * Trains, draws from and measures each family, and writes compare.json and the page after each. What is there already
 * is not done again.
 *
 * @returns the exit code
 */
export async function compareFamilies(options: CompareOptions): Promise<number> {
  const { folder, families, plan, dataset, backend, reader, output } = options;
  const paths = comparisonPaths(folder);
  const rows = new Map(keptRows(paths.json, plan, reader).map((row) => [row.task, row]));
  makeFolder(folder);
  writeFileAtomic(paths.real, picture(dataset, undefined, Math.min(plan.count, pictured(dataset))));
  const write = (): Comparison => {
    const comparison: Comparison = {
      plan,
      backend,
      classifier: reader ? { hash: reader.hash, heldOutAccuracy: options.heldOutAccuracy } : null,
      rows: families.flatMap(({ task }) => rows.get(task) ?? []),
    };
    writeFileAtomic(paths.json, `${formatJson(comparison, 2)}\n`);
    const samples = Object.fromEntries(
      comparison.rows
        .filter((row) => "config" in row)
        .map(({ task }) => [task, readFileSync(join(folder, task, "samples.png"))]),
    );
    writeFileAtomic(
      paths.page,
      comparisonPage(comparison, { real: readFileSync(paths.real), samples }),
    );
    return comparison;
  };
  write();
  for (const [index, family] of families.entries()) {
    const { task } = family;
    if (rows.has(task)) {
      output.say(`${task} is compared already.`);
      continue;
    }
    output.say(`${index + 1}/${families.length} ${task}: ${describeBudget(plan.budget)}`);
    try {
      const row = await compareOne(family, options);
      if (typeof row === "number") {
        output.say("To go on: the same command again.");
        return row;
      }
      rows.set(task, row);
      output.event("compared", { ...row });
    } catch (error) {
      if (!(error instanceof Failure) || error.exitCode > 2) throw error;
      rows.set(task, { task, failed: messageOf(error) });
      output.warn(`gen: ${task} is left out: ${messageOf(error)}`);
    }
    write();
  }
  output.say(`Wrote ${paths.page} and ${paths.json}`);
  output.event("comparison", { ...write(), page: paths.page });
  return 0;
}

/** The rows of a comparison that was ended early; those that failed are tried again. */
function keptRows(path: string, plan: ComparisonPlan, reader: Reader | undefined): Row[] {
  if (!existsSync(path)) return [];
  const found = JSON.parse(readFileSync(path, "utf8")) as Comparison;
  const [there, here] = [found.plan, plan].map((each) => JSON.stringify(each));
  if (there !== here)
    throw misuse(
      `${path} is of another comparison (${there} there, ${here} here); choose another --out.`,
    );
  if (found.classifier?.hash !== reader?.hash)
    throw misuse(`${path} was judged by another classifier; choose another --out.`);
  return found.rows.filter((row) => "config" in row);
}

/** How many samples pictures hold. */
function pictured({ kind, examples }: Dataset): number {
  return kind === "points" ? 2000 : examples.classes > 0 ? 8 * examples.classes : 64;
}

/** Of samples, or of the data. */
function picture(
  dataset: Dataset,
  samples: { numbers: Float32Array; labelled: boolean } | undefined,
  count: number,
): Uint8Array {
  const { examples } = dataset;
  const labels = spreadLabels(count, allClasses(examples));
  const numbers = samples
    ? samples.numbers.subarray(0, count * sizeOf(examples))
    : realSamples(dataset, labels);
  const rows = samples?.labelled === false ? { ...examples, classes: 0 } : examples;
  return drawGrid(numbers, labels, rows, { scale: 2 }).bytes;
}

/** The configuration of a family, with as many steps as the budget has; a run that is there says how many. */
async function planOne(
  family: DrawingFamily,
  { folder, plan, dataset, output }: CompareOptions,
): Promise<RunConfig | number> {
  const { budget, preset, set, data, seed } = plan;
  const base = { ...resolveConfig(family, preset, [...set, `seed=${seed}`]), data };
  const found = findRun(join(folder, family.task))?.config;
  const steps = found?.steps ?? (await stepsOf(budget, base, dataset, output));
  if (typeof steps !== "number") return steps.exitCode;
  const config = {
    ...lasting(base, steps),
    checkpointEvery: Math.max(1, Math.ceil(steps / 5)),
  };
  refuseOther(join(folder, family.task), found, config);
  return config;
}

/** How many steps a budget has. */
async function stepsOf(
  budget: Budget,
  config: RunConfig,
  dataset: Dataset,
  output: Output,
): Promise<number | { exitCode: number }> {
  if ("examples" in budget)
    return Math.ceil(budget.examples / (await examplesPerStep(config, dataset)));
  const interrupt = listenForInterrupt(output, "Stopping.");
  const seconds = 60 * budget.minutes;
  try {
    const trial = Math.min(10, 0.05 * seconds);
    const each = await secondsPerStep(config, dataset, trial, interrupt.signal);
    return Math.max(1, Math.round(seconds / each));
  } catch (error) {
    if (interrupt.signal.aborted) return { exitCode: interrupt.exitCode() };
    throw error;
  } finally {
    interrupt.dispose();
  }
}

/** The row of a family, or the exit code of an interrupt. */
async function compareOne(family: DrawingFamily, options: CompareOptions): Promise<Row | number> {
  const { folder, plan, dataset, reader, output } = options;
  const { task, sampling } = family;
  const { seed, count, heldOut } = plan;
  const config = await planOne(family, options);
  if (typeof config === "number") return config;
  const run = join(folder, task);
  const { status, exitCode } = await trainFamily(run, config, dataset, output, { quick: true });
  if (status === "aborted") return exitCode;
  const trainingSeconds = secondsOf(run);

  const { examples: trainedOn } = dataset;
  const examples = examplesOfSamples(family, config, trainedOn);
  const trained = await loadRun(family, run, { config, examples: trainedOn }, output);
  const interrupt = listenForInterrupt(output, "Stopping.");
  const { signal } = interrupt;
  try {
    const own = readSettings({ name: task, settings: sampling.settings }, {}, trainedOn, []);
    // No longer than it was trained: fewer samples of who is slow. What compiles is not counted.
    const first = spreadLabels(Math.min(count, 100), allClasses(examples));
    const limit = Math.max(60, trainingSeconds);
    const each = await warmUp(sampling, trained, first, own, seed, limit / 4, signal);
    const drawn = Math.min(count, Math.max(20, Math.floor(limit / each)));
    if (drawn < count)
      output.say(`Only ${drawn} samples of ${task} are drawn: ${count} would take too long.`);
    const labels = spreadLabels(drawn, allClasses(examples));
    const began = performance.now();
    const numbers = await drawWithProgress(
      sampling,
      trained,
      { labels, seed, own },
      output,
      signal,
    );
    const samplingSeconds = (performance.now() - began) / 1000 / drawn;
    const labelled = examples.classes > 0;
    const png = picture(dataset, { numbers, labelled }, Math.min(drawn, pictured(dataset)));
    writeFileAtomic(join(run, "samples.png"), png);
    const measured = await measure({
      family,
      trained,
      config,
      dataset,
      reader,
      heldOut,
      seed,
      output,
      signal,
      samples: { numbers, labels: labelled ? labels : undefined },
    });
    return {
      task,
      config,
      parameters: trained.parameters,
      steps: config.steps,
      trainingExamples: config.steps * (await examplesPerStep(config, dataset)),
      trainingSeconds,
      samples: drawn,
      samplingSeconds,
      sampling: own,
      ...measured,
    };
  } catch (error) {
    if (signal.aborted) return interrupt.exitCode();
    throw error;
  } finally {
    interrupt.dispose();
    trained.dispose();
  }
}

/**
 * Draws the first samples, and stops early when that takes longer than it should.
 *
 * @returns how long one took, in seconds
 */
async function warmUp<Values>(
  { draw }: { draw(trained: Trained, plan: SamplePlan<Values>): Promise<Float32Array> },
  trained: Trained,
  labels: Int32Array,
  settings: Values,
  seed: number,
  limit: number,
  signal: AbortSignal,
): Promise<number> {
  const enough = new AbortController();
  const began = performance.now();
  const seconds = (): number => (performance.now() - began) / 1000;
  let done = 0;
  try {
    await draw(trained, {
      labels,
      settings,
      key: foldIn(key(seed), 2),
      signal: AbortSignal.any([signal, enough.signal]),
      onProgress(count) {
        done = count;
        if (seconds() > limit) enough.abort();
      },
    });
  } catch (error) {
    if (!enough.signal.aborted || signal.aborted) throw error;
  }
  return seconds() / Math.max(1, done);
}

/** How long a run trained, over all its starts: each began to count anew. */
function secondsOf(run: string): number {
  const times = readMetrics(runPaths(run).metrics).flatMap(({ seconds }) =>
    seconds === undefined ? [] : [Number(seconds)],
  );
  const ends = times.filter((time, i) => i === times.length - 1 || time > (times[i + 1] as number));
  const total = ends.reduce((sum, time) => sum + time, 0);
  if (times.length === 0) throw new Failure(`${run} has no metrics; its time is not known.`);
  return Number(total.toFixed(3));
}
