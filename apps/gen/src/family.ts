import type * as v from "valibot";
import type { Key } from "@gen/random";
import type { Tensor, Variable } from "@gen/tensor";
import type { Batch, Checkpoint, Trainee } from "@gen/train";
import type { RunConfig } from "./config.ts";
import type { Dataset } from "./dataset.ts";
import type { Examples } from "./examples.ts";
import type { Png } from "./image-grid.ts";
import type { Output } from "./output.ts";
import type { Settings, ValuesOf } from "./settings.ts";

/**
 * A family of models: all that the commands know of it. To add one, write `families/<name>.ts`, which exports a
 * `Family`, and put it into the list of `families/index.ts`. Then `gen train <task>` is there with its help, its presets
 * and `--set`; `gen sample`, `gen eval`, `gen compare`, `gen export` and `gen show run` take its runs; and
 * `families.test.ts` trains it, resumes it, draws from it and exports it. Nothing else has to be touched. What a family
 * cannot do, it leaves out, and the commands say so.
 *
 * `families/classifier.ts` is the smallest example, `families/flow.ts` one with everything. What they share:
 *
 * - `config.ts`: pieces of schemas; `commonSettings` is what every run has. `preset-parts.ts`: values of presets.
 * - `batches.ts`: batches of images or points, binarised or moved, as pure functions of the step.
 * - `optimizer.ts`: the optimizer of a configuration. `trained-weights.ts`: weights and averages of a checkpoint.
 * - `sample-batches.ts`: samples drawn batch by batch, independent of how many there are. `settings.ts`: options.
 * - `draw-grid.ts`, `image-grid.ts`, `plot/chart.ts`: pictures.
 *
 * Rules: everything follows from the configuration and the data, so all keys are `foldIn(key(config.seed), n)` (0 for
 * the weights; the loop's own is 1); whoever makes a tensor disposes of it; what cannot be is refused in one sentence
 * by `misuse`.
 *
 * @typeParam C its configuration, `task` included
 * @typeParam T its trained model
 * @typeParam S its settings of sampling
 */
export interface Family<
  C extends RunConfig = RunConfig,
  T extends Trained = Trained,
  S extends Settings = Settings,
> {
  /** The name: `gen train <task>`. */
  readonly task: C["task"];
  /** One sentence for `--help`. */
  readonly about: string;
  /** Command lines for `--help`. */
  readonly examples: readonly string[];
  readonly schema: v.GenericSchema<unknown, C>;
  /** Whole configurations by name; `preset` in each is that name. */
  readonly presets: Readonly<Record<string, C>>;
  /**
   * Small runs, for tests: a preset and `--set`s that make it one of seconds, on few examples (`data.training=20`). One
   * of images, one of points, and one for each kind of model that differs much.
   */
  readonly trials: readonly { readonly preset: string; readonly set: readonly string[] }[];
  /** What a whole object becomes when `--set` changes the field that says its kind: `"model.kind"` → by kind. */
  readonly alternatives?: Readonly<Record<string, Readonly<Record<string, object>>>>;

  /**
   * The same run, so many steps long, for `gen compare`: what divides the steps among parts divides these alike. If left
   * out, only `steps` changes.
   */
  lasting?(config: C, steps: number): C;

  /** A model to be trained. Refuses data that it cannot learn. */
  create(config: C, dataset: Dataset): Training | Promise<Training>;
  /** The model of a checkpoint, for use: with averaged weights, if it has any. */
  load(config: C, examples: Examples, found: Found): T | Promise<T>;

  /** How samples are drawn. */
  readonly sampling?: Sampling<T, S>;
  /** What it thinks of examples that it has not seen. */
  likelihood?(trained: T, heldOut: HeldOut, plan: Plan): Promise<LogLikelihoods>;
  /** What people look at, by name: `gen show run`. */
  readonly pictures?: Readonly<Record<string, Picture<T>>>;
  /** What `gen export` writes, by name; the first is the usual one. */
  readonly parts?: Readonly<Record<string, Part<T>>>;
  /** What `gen train` tells at the end; where to go on if left out. */
  closing?(trained: T, dataset: Dataset, output: Output): Promise<void>;
}

/** A model being trained. */
export interface Training {
  readonly trainee: Trainee;
  /** A pure function of the step. */
  batch(step: number): Batch;
  /** The picture of `samples/`: what the model makes now. Always of the same noise, so that one sees it grow up. */
  readonly picture?: { readonly every: number; draw(step: number): Promise<SamplesPicture> };
  dispose(): void;
}

/** A picture of samples, and how good these are, for models whose loss does not say it. */
export interface SamplesPicture extends Png {
  readonly scores?: Readonly<Record<string, number>> | undefined;
}

/** A model for use. */
export interface Trained {
  /** How many numbers were learned. */
  readonly parameters: number;
  dispose(): void;
}

/** A checkpoint and its name. */
export interface Found {
  readonly name: string;
  readonly checkpoint: Checkpoint;
}

/** How work that takes a while is done. */
export interface Plan {
  readonly key: Key;
  readonly signal?: AbortSignal | undefined;
  /** Told how many are done; between two whole numbers, too. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** How samples are drawn. */
export interface Sampling<T extends Trained = Trained, S extends Settings = Settings> {
  /** Its own settings: options of `gen sample`, `gen eval` and `gen compare`. */
  readonly settings: S;
  /** Whether samples follow the labels of the data; if left out, they do where there are any. */
  labelled?(config: RunConfig): boolean;
  /**
   * Sample i depends on the key, i and its label alone, not on how many are drawn.
   *
   * @returns the numbers of all samples, one after another: images in [-1, 1]
   */
  draw(trained: T, plan: SamplePlan<ValuesOf<S>>): Promise<Float32Array>;
}

/** One sample for each label; where there are no classes, they only count. */
export interface SamplePlan<Values> extends Plan {
  readonly labels: Int32Array;
  readonly settings: Values;
}

/** Examples that were not trained on. */
export interface HeldOut {
  readonly count: number;
  /** One after another: images in [-1, 1]. */
  readonly numbers: Float32Array;
  /** Where there are classes. */
  readonly labels?: Int32Array | undefined;
}

/** Log-likelihoods of examples. */
export interface LogLikelihoods {
  /** What they are: "exact", "lower bound (ELBO)", "lower bound (IWAE, 500 samples)". */
  readonly kind: string;
  /** Of what: "points", "binarised images", "images of 256 levels". */
  readonly of: string;
  /** One for each example, in nats, summed over its numbers. */
  readonly nats: Float64Array;
  /** For bits per dimension, which points have not: the width of a level of the data, in the density's units. */
  readonly binWidth?: number;
}

/** A picture that people look at. */
export interface Picture<T extends Trained = Trained> {
  readonly about: string;
  /** Whether a run has it; every one if left out. */
  applies?(config: RunConfig, examples: Examples): boolean;
  /** PNG, or SVG as text. */
  draw(trained: T, scene: Scene): Promise<Png | string>;
}

/** What a picture is drawn of. */
export interface Scene extends Plan {
  readonly config: RunConfig;
  readonly examples: Examples;
  /** Reads it when it is asked for. */
  dataset(): Promise<Dataset>;
}

/** What a run can be exported as. */
export interface Part<T extends Trained = Trained> {
  /** Options that only it takes. */
  readonly settings?: Settings;
  build(
    trained: T,
    examples: Examples,
    settings: Readonly<Record<string, number | string>>,
  ): ExportedPart;
}

/** A part of a run as a function of tensors, and what its file says of it. */
export interface ExportedPart {
  fn: (...inputs: Tensor[]) => Tensor | Tensor[];
  /** Of a batch of this size: only types and shapes count. */
  inputs(batch: number): Tensor[];
  readonly names: { inputs: string[]; outputs: string[] };
  readonly weights: Record<string, Variable>;
  readonly metadata: Record<string, string>;
}
