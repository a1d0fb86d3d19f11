/** A compiled function: called like the original. */
export interface Compiled<A extends unknown[], R> {
  (...args: A): R;
  /** How often it was recorded, and how often called. */
  readonly stats: { readonly compiles: number; readonly calls: number };
  /** Frees what was compiled. */
  dispose(): void;
}

export function compile<A extends unknown[], R>(fn: (...args: A) => R): Compiled<A, R> {
  const stats = { compiles: 0, calls: 0 };
  const call = (...args: A): R => {
    stats.calls++;
    return fn(...args);
  };
  return Object.assign(call, { stats, dispose: () => {} });
}
