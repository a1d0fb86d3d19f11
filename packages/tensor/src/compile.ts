import { recorded, replay } from "./recorded.ts";

export interface CompileOptions {
  /** In messages; the function's own name by default. */
  name?: string;
  /** Signatures kept; beyond it the one unused for longest is freed. */
  cacheSize?: number;
  /**
   * For functions of trained weights. The variables that `fn` reads and does not assign are constants of the graph, so
   * that the engine lays their numbers out for its products once, and not at each call. After some of them were given
   * other numbers, the next call compiles anew, and those are inputs from then on. Takes the weights' memory a second
   * time.
   */
  fixedWeights?: boolean;
}

/** A compiled function: called like the original. */
export interface Compiled<A extends unknown[], R> {
  (...args: A): R;
  readonly stats: CompileStats;
  /** Frees what was compiled; a later call compiles anew. */
  dispose(): void;
}

export interface CompileStats {
  calls: number;
  /** How often it was compiled. On an eager backend it never is. */
  compilations: number;
  /** The last 64 compilations: the signature that asked for one, and why it was not there. */
  compiles: { call: number; signature: string; nodes: number; reason: string }[];
  /** The reasons of the last compilations in words, a line for each: what changed, from what to what. */
  explain(): string[];
}

/**
 * Compiles a function of tensors: it is recorded once for every signature (the types and shapes of its tensors and the
 * values of all else) and then replayed as one graph, with no JavaScript per operation. Variables that it reads are
 * inputs, variables that it assigns are outputs, and keys passed in give fresh numbers at each call. It may take
 * gradients and run an optimizer inside. On an eager backend it just calls `fn`.
 *
 * Inside, nothing can be read (`dataSync`, `data`), and no variable created. Plain numbers are part of the signature:
 * pass one that changes as a scalar tensor.
 *
 * @param fn takes and gives tensors, keys, plain values, and arrays and plain objects of them
 * @returns the function; the caller disposes of the tensors that a call answers, the arguments stay the caller's
 */
export function compile<A extends unknown[], R>(
  fn: (...args: A) => R,
  options: CompileOptions = {},
): Compiled<A, R> {
  const { name, stats, find, dispose } = recorded(fn, options);
  const call = (...args: A): R => {
    const recording = find(args);
    return recording ? (replay(recording, args, name) as R) : fn(...args);
  };
  return Object.assign(call, { stats, dispose });
}
