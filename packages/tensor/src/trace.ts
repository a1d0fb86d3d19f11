import type { Tensor } from "@tensorflow/tfjs-core";
import type { Key } from "@gen/random";

/** What is known while a function is being recorded. */
export interface Trace {
  /** Whether it is to serve as a model, for any batch and wherever it runs: a batch stays whole. */
  readonly whole?: boolean;
  /**
   * Is told of a tensor drawn on the host, and how its numbers follow from the keys of a call; not how, where they
   * follow from none of them.
   */
  bind(drawn: Tensor, refill?: Refill): void;
}

/** Makes the numbers of a host tensor anew from the keys that a compiled function is called with. */
export type Refill = (callKeys: readonly Key[]) => Float32Array | Int32Array | Uint8Array;

let active: Trace | undefined;

/** The trace in progress, if a function is being recorded now. */
export function currentTrace(): Trace | undefined {
  return active;
}

/** Runs `fn` with `trace` as the current one. */
export function withTrace<T>(trace: Trace, fn: () => T): T {
  const outer = active;
  active = trace;
  try {
    return fn();
  } finally {
    active = outer;
  }
}
