import { formatBytes, formatDuration, formatNumber } from "./format.ts";

/** What a status line tells: how far, how well, how fast, how long yet, how much memory. */
export interface Progress {
  /** Counts one more step (or `count` samples). */
  advance(done: number, loss?: number): void;
  /** Forgets the time since the last call: it went into something else. */
  pause(): void;
  line(): string;
  readonly rate: number;
}

/**
 * @param unit what is counted: "step", "sample"
 * @param from where counting begins: a resumed run's step
 */
export function createProgress(
  unit: string,
  from: number,
  total: number,
  now: () => number = () => performance.now(),
  memory: () => number = () => process.memoryUsage.rss(),
): Progress {
  let done = from;
  let sum = 0;
  let weight = 0;
  let rate = 0;
  let lastTime = now();
  let seconds = 0;
  let calls = 0;
  return {
    get rate() {
      return rate;
    },
    advance(newDone, loss) {
      const time = now();
      const took = (time - lastTime) / 1000;
      lastTime = time;
      // A running mean over the last ~20 calls; the first, which compiles, does not count.
      if (calls++ > 0) {
        const keep = seconds === 0 ? 0 : 0.95;
        seconds = keep * seconds + (1 - keep) * (took / Math.max(1, newDone - done));
        rate = 1 / seconds;
      }
      done = newDone;
      if (loss !== undefined) {
        sum = 0.98 * sum + loss;
        weight = 0.98 * weight + 1;
      }
    },
    pause() {
      lastTime = now();
    },
    line() {
      const parts = [`${unit} ${Math.floor(done)}/${total}`];
      if (weight > 0) parts.push(`loss ${formatNumber(sum / weight)}`);
      if (rate > 0) parts.push(`${formatNumber(Number(rate.toPrecision(3)))} ${unit}s/s`);
      parts.push(
        `${formatDuration(rate > 0 ? (total - done) / rate : Number.NaN)} left`,
        formatBytes(memory()),
      );
      return `  ${parts.join(" · ")}`;
    },
  };
}
