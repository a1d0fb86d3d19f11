/** ONNX Runtime's settings that all native providers share, by their keys. */
export const sessionConfig: Readonly<Record<string, string>> = {
  // Threads wait awake for 100 µs, and not between runs: as fast as waiting awake for long, and on a machine that is
  // shared half the time of it (docs/performance.md).
  "session.force_spinning_stop": "1",
  "session.intra_op.spin_duration_us": "100",
  // What is computed twice is meant to be (rematerialize.ts); the rest is made once before it comes here.
  "optimization.disable_specified_optimizers": "CommonSubexpressionElimination",
};
