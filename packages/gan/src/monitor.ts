import { type Key, normal, slice, type Tensor } from "@gen/tensor";
import type { Generator } from "./players.ts";

/** Numbers that are the rows of samples: what the functions of `@gen/metrics` call features. */
export interface Samples {
  /** [count × dims], row by row. */
  readonly values: Float32Array;
  readonly dims: number;
}

/** One measurement: the step and what was measured, by name. */
export type MonitorRow = { readonly step: number } & Readonly<Record<string, number>>;

export interface MonitorOptions {
  /** The generator that is watched: the average's, best (`ema.copyTo(parameters(copy))` before each measurement). */
  readonly generator: Generator;
  /** Of the latents, the same at each measurement. */
  readonly key: Key;
  /** How many samples. */
  readonly count: number;
  /** Samples at a time; default all. */
  readonly batch?: number;
  /** [batch, …] → [batch, features]: the features of an extractor. Default the samples themselves. */
  readonly features?: (samples: Tensor) => Tensor;
  /** What is measured of them: `modeCoverage`, `frechetDistance`, … of `@gen/metrics`. */
  readonly measures: Readonly<Record<string, (samples: Samples) => number>>;
}

/**
 * What a model without a loss curve is watched by: measures of the same latents' samples over time. `ganStep` reports the
 * critic's gap and the discriminator's accuracy by itself; mode coverage and the Fréchet distance are measures here.
 * Call `measure` from `onSample` of `train`. A measure that falls while the losses look calm is the alarm: a mode count
 * that drops is collapse.
 */
export class Monitor {
  readonly options: MonitorOptions;
  /** All measurements so far, in order. */
  readonly rows: MonitorRow[] = [];

  constructor(options: MonitorOptions) {
    const { count, batch = count } = options;
    for (const [name, value] of Object.entries({ count, batch })) {
      if (Number.isInteger(value) && value > 0) continue;
      throw new Error(`Monitor: ${name} must be a positive integer, got ${value}`);
    }
    this.options = options;
  }

  /** Measures the generator as it is now, and adds a row. */
  async measure(step: number): Promise<MonitorRow> {
    const { generator, key, count, batch = count, features, measures } = this.options;
    const latents = normal(key, [count, generator.latents]);
    const parts: Float32Array[] = [];
    for (let first = 0; first < count; first += batch) {
      const z = slice(latents, [first], [Math.min(batch, count - first)]);
      const samples = generator.forward(z);
      const seen = features ? features(samples) : samples;
      parts.push((await seen.data()) as Float32Array);
      for (const tensor of new Set([z, samples, seen])) tensor.dispose();
    }
    latents.dispose();
    const values = new Float32Array(parts.reduce((size, part) => size + part.length, 0));
    let at = 0;
    for (const part of parts) {
      values.set(part, at);
      at += part.length;
    }
    const given = { values, dims: values.length / count };
    const row = { step } as Record<string, number>;
    for (const [name, measure] of Object.entries(measures)) row[name] = measure(given);
    this.rows.push(row as MonitorRow);
    return row as MonitorRow;
  }
}
