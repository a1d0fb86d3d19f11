import type { Workload } from "./workload.ts";

// What the benchmark and its contenders say to each other: one JSON object a line, a reply for each request, and at
// the start one line of the contender's own, `Ready`.

export interface Ready {
  /** What runs there, for people: { torch: "2.13.0", … }. */
  versions: Record<string, string>;
}

/** Builds the workload from shared weights, and does the work of the check once. */
export interface Prepare {
  /** Its name: our side has the list. */
  workload: string;
  /** What PyTorch's side is told of it. */
  twin: Workload["twin"];
  /** A safetensors file that `writeShared` made. */
  file: string;
  /** How many of its checks to do. */
  checks: number;
  /** Whether to count the operations of the first. */
  count: boolean;
}

export interface Prepared {
  /** Trained numbers of the network. */
  parameters: number;
  /** What the first steps measured, on given inputs and random numbers. */
  checks: number[];
  /** Multiplications and additions of a step's products and convolutions; left out where nobody counted them. */
  flops?: number;
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
