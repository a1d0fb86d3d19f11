import type { StoredTensor } from "@gen/safetensors";
import type { Key, Tensor } from "@gen/tensor";

/** Tensors for a file that both sides read, by name. */
export type Shared = Record<string, StoredTensor>;

/** One step of a workload, computed to its end: numbers that sum up what came out. */
export type Step = (step: number) => Promise<number[]>;

/** What is timed: a training step, or drawing a batch of samples. */
export interface Workload {
  readonly name: string;
  /** What PyTorch's side is told, as JSON: `kind` is a class of bench_torch.py, the rest its options. */
  readonly twin: { readonly kind: string; readonly [option: string]: unknown };
  /** Whether it has images, which PyTorch may keep in either of two memory formats. */
  readonly images: boolean;
  /** How many first steps must give the same results as PyTorch's. */
  readonly checks: number;
  /** How often the compiled functions run in one step, where it is not once: what was recorded counts so often. */
  readonly evaluations?: number;
  /** Whether both sides' operations are counted and must be equal. */
  readonly counted: boolean;
  /** By how much they may differ, relative. Default 0. */
  readonly flopTolerance?: number;
  /** What every step is given. Images are [n, h, w, c]. */
  inputs(): Shared;
  /** The random numbers of a step, which PyTorch's side is given for the checks. */
  draws(key: Key, inputs: Shared): Shared;
  /** The networks, newly initialised, and how to begin once they have the shared weights. */
  create(key: Key): { model: object; begin(inputs: Record<string, Tensor>): Step };
}
