import type { Workload } from "./workloads.ts";

// What the benchmark and its contenders say to each other: one JSON object a line, a reply for each request, and at
// the start one line of the contender's own, `Ready`.

export interface Ready {
  /** What runs there, for people: { torch: "2.13.0", … }. */
  versions: Record<string, string>;
}

/** Builds the workload from shared weights, and does the work of the check once. */
export interface Prepare {
  prepare: Workload;
  /** A safetensors file that `writeShared` made. */
  file: string;
  /** How many of the file's checks to do. */
  checks: number;
}

export interface Prepared {
  /** Trained numbers of the network. */
  parameters: number;
  /** Losses of the first training steps on given inputs; or numbers that sum up the samples drawn from given noise. */
  checks: number[];
  /** Milliseconds that the last step of the check took, to plan with. */
  stepMs: number;
}

/** Times so many steps. */
export interface Run {
  run: number;
}

export interface Timed {
  /** Milliseconds of each step. */
  times: number[];
}

export interface Failed {
  error: string;
}
