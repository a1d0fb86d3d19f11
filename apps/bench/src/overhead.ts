import process from "node:process";
import { key, type Tensor, tensor } from "@gen/tensor";
import { engine } from "@tensorflow/tfjs-core";
import { median } from "./statistics.ts";
import type { Workload } from "./workload.ts";

/** What a compiled step costs beside the work itself, in milliseconds. */
export interface Overhead {
  nodes: number;
  /** The first call without the run in it: recording, lowering, loading the model. */
  compile: Span;
  /** ONNX Runtime's run within a call: medians. */
  run: Span;
  /** The rest of that call: medians. */
  outside: Span;
}

/** Time that passed, and time that the processor spent, on all threads: on a machine that is shared they differ. */
interface Span {
  wall: number;
  processor: number;
}

/** What is looked into of the engine's runtime on the `cpu`. */
interface NativeRuntime {
  load(model: { nodeCount?: number }): unknown;
  /** ONNX Runtime's C library. */
  api: { run(call: unknown): void };
}

/** Measures a step on the engine's `cpu` device; the time of ONNX Runtime's own run is taken at its C library. */
export async function overheadOf(step: () => unknown, calls: number): Promise<Overhead> {
  const { runtime } = engine().backend as unknown as { runtime: NativeRuntime };
  const { load, api } = runtime;
  const run = api.run.bind(api);
  let nodes = 0;
  let inside: Span = { wall: 0, processor: 0 };
  runtime.load = (model) => {
    nodes = Math.max(nodes, model.nodeCount ?? 0);
    return load(model);
  };
  api.run = (call) => {
    const stop = stopwatch();
    try {
      run(call);
    } finally {
      inside = plus(inside, stop());
    }
  };
  const time = async (): Promise<{ run: Span; outside: Span }> => {
    inside = { wall: 0, processor: 0 };
    const stop = stopwatch();
    await step();
    return { run: inside, outside: plus(stop(), inside, -1) };
  };
  try {
    const { outside: compile } = await time();
    await time(); // the second is still not warm
    const times: { run: Span; outside: Span }[] = [];
    for (let i = 0; i < calls; i++) times.push(await time());
    const medianOf = (part: "run" | "outside"): Span => ({
      wall: median(times.map((each) => each[part].wall)),
      processor: median(times.map((each) => each[part].processor)),
    });
    return { nodes, compile, run: medianOf("run"), outside: medianOf("outside") };
  } finally {
    runtime.load = load;
    api.run = run;
  }
}

/** Starts to measure; what it answers tells the time since. */
function stopwatch(): () => Span {
  const start = performance.now();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { wall: performance.now() - start, processor: (user + system) / 1000 };
  };
}

function plus(a: Span, b: Span, sign = 1): Span {
  return { wall: a.wall + sign * b.wall, processor: a.processor + sign * b.processor };
}

/** A workload's step, as the benchmark runs it. */
export function stepOf(workload: Workload): () => Promise<number[]> {
  const inputs: Record<string, Tensor> = {};
  for (const [name, { data, shape, dtype }] of Object.entries(workload.inputs())) {
    const type = dtype === "F32" ? "float32" : "int32";
    inputs[name] = tensor(data as Float32Array, [...shape], type);
  }
  const step = workload.create(key(0)).begin(inputs);
  let done = 0;
  return () => step(done++);
}
