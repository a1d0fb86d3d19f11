import { join } from "node:path";
import { NonFiniteError, train } from "@gen/train";
import { foldIn, key } from "@gen/tensor";
import { writeFileAtomic } from "./atomic-file.ts";
import type { RunConfig } from "./config.ts";
import type { Examples } from "./examples.ts";
import { Failure } from "./failure.ts";
import type { Training } from "./family.ts";
import { fileStore, makeFolder, removeLeftovers } from "./file-store.ts";
import { formatDuration, formatNumber } from "./format.ts";
import { listenForInterrupt } from "./interrupt.ts";
import { type LossPoint, lossPlot } from "./loss-plot.ts";
import { type MetricsLog, openMetricsLog } from "./metrics-log.ts";
import type { Output } from "./output.ts";
import { refuseOther } from "./resume.ts";
import { findRun, runPaths, writeRun } from "./run-folder.ts";
import { lockRun } from "./run-lock.ts";
import { createProgress, type Progress } from "./status-line.ts";
import { createEventFile, type EventFile } from "./tensorboard.ts";

/** All that one training needs; everything in it follows from the configuration. */
export interface TrainingJob {
  folder: string;
  config: RunConfig;
  examples: Examples;
  trainee: Training["trainee"];
  batch: Training["batch"];
  picture: Training["picture"];
  output: Output;
}

export interface TrainingReport {
  status: "finished" | "aborted";
  step: number;
  /** The mean over the last twentieth of the steps. */
  finalLoss: number;
  seconds: number;
  /** What the process should end with. */
  exitCode: number;
}

/**
 * Trains in a run folder: takes its lock, resumes from its last checkpoint if there is one, keeps the records, and ends
 * in order when interrupted.
 */
export async function runTraining(job: TrainingJob): Promise<TrainingReport> {
  const { folder, config, examples, output } = job;
  const paths = runPaths(folder);
  makeFolder(folder);
  const lock = lockRun(folder);
  const interrupt = listenForInterrupt(output, "Stopping: this step is finished and saved.");
  try {
    // Again, now that nobody else can write: it may have been made since it was looked at first.
    refuseOther(folder, findRun(folder)?.config, config);
    removeLeftovers(folder);
    removeLeftovers(paths.checkpoints);
    writeRun(folder, { config, examples });
    return await runLocked(job, interrupt);
  } catch (error) {
    if (!(error instanceof NonFiniteError)) throw error;
    const rest = error.checkpoint
      ? `the last good checkpoint is ${join(paths.checkpoints, error.checkpoint)}; a lower optimizer.learningRate in a new --out may help`
      : "no checkpoint was saved before; try a lower optimizer.learningRate in a new --out";
    throw new Failure(
      `Training became unstable: ${error.quantity} was not finite (NaN or infinite) at step ${error.step}; ${rest}.`,
      1,
      { cause: error },
    );
  } finally {
    interrupt.dispose();
    lock.release();
  }
}

async function runLocked(
  job: TrainingJob,
  interrupt: { signal: AbortSignal; exitCode(): number },
): Promise<TrainingReport> {
  const { folder, config, trainee, picture, output } = job;
  const paths = runPaths(folder);
  const began = performance.now();
  let from = 0;
  let records: Records | undefined;
  const opened = (): Records => (records ??= openRecords(folder, from, config.steps));

  try {
    const { status, step } = await train(trainee, {
      data: job.batch,
      key: foldIn(key(config.seed), 1),
      steps: config.steps,
      store: fileStore(paths.checkpoints),
      saveEvery: config.checkpointEvery,
      config,
      logEvery: config.logEvery,
      signal: interrupt.signal,
      ...(picture && { sampleEvery: picture.every }),
      onRefuse: ({ name, reason }) =>
        output.warn(`gen: ${join(paths.checkpoints, name)} is passed over: ${reason}.`),
      onResume: (event) => {
        from = event.step;
        output.say(`Resuming ${folder} at step ${from} of ${config.steps}.`);
        output.event("resume", event);
      },
      onStep({ step: done, metrics }) {
        const { progress, log, events } = opened();
        progress.advance(done, metrics?.["loss"]);
        if (metrics) {
          const seconds = (performance.now() - began) / 1000;
          log.append(done, { ...metrics, seconds: Number(seconds.toFixed(3)) });
          events.write({ scalars: metrics, step: done });
          output.event("step", {
            step: done,
            steps: config.steps,
            ...metrics,
            rate: progress.rate,
            memory: process.memoryUsage.rss(),
          });
        }
        output.status(() => progress.line());
      },
      onSave: (event) =>
        output.event("checkpoint", { ...event, path: join(paths.checkpoints, event.name) }),
      async onSample({ step: done }) {
        const { log, events, progress } = opened();
        const png = await (picture as NonNullable<typeof picture>).draw(done);
        const path = join(paths.samples, `step-${String(done).padStart(6, "0")}.png`);
        makeFolder(paths.samples);
        writeFileAtomic(path, png.bytes);
        const { width, height, channels, scores } = png;
        if (scores) {
          log.append(done, scores);
          events.write({ scalars: scores, step: done });
        }
        events.write({
          image: { tag: "samples", png: png.bytes, width, height, channels },
          step: done,
        });
        writeFileAtomic(paths.loss, lossPlot(log.points, lossTitle(config)));
        output.event("samples", { step: done, path, ...scores });
        progress.pause();
      },
    });
    output.clearStatus();
    const { log } = opened();
    writeFileAtomic(paths.loss, lossPlot(log.points, lossTitle(config)));
    const seconds = (performance.now() - began) / 1000;
    const loss = finalLoss(log.points, config.steps);
    const exitCode = status === "finished" ? 0 : interrupt.exitCode();
    output.event(status, { step, steps: config.steps, finalLoss: loss, seconds, run: folder });
    if (status === "finished" && from === config.steps) {
      output.say(`${folder} was finished already: all ${config.steps} steps are done.`);
    } else if (status === "finished") {
      output.say(
        `Finished ${config.steps} steps in ${formatDuration(seconds)}, loss ${formatNumber(loss)}. The run is in ${folder}`,
      );
    } else {
      output.say(`Stopped at step ${step} of ${config.steps}, and saved.`);
    }
    return { status, step, finalLoss: loss, seconds, exitCode };
  } finally {
    output.clearStatus();
    records?.log.close();
    records?.events.close();
  }
}

interface Records {
  log: MetricsLog;
  events: EventFile;
  progress: Progress;
}

/** What is written while training, from the step on at which it (re)starts. */
function openRecords(folder: string, from: number, steps: number): Records {
  return {
    log: openMetricsLog(runPaths(folder).metrics, from),
    events: createEventFile(folder, from),
    progress: createProgress("step", from, steps),
  };
}

function lossTitle(config: RunConfig): string {
  return `Loss of ${config.task} ${config.preset}, batch ${config.batchSize}`;
}

function finalLoss(points: readonly LossPoint[], steps: number): number {
  const last = points.filter(({ step }) => step > 0.95 * steps);
  const used = last.length > 0 ? last : points.slice(-1);
  return used.reduce((sum, { loss }) => sum + loss, 0) / Math.max(1, used.length);
}
