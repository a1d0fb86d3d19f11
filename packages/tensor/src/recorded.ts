import { Key } from "@gen/random";
import {
  type DataId,
  dispose,
  engine,
  keep,
  type KernelBackend,
  type Tensor,
  type TensorInfo,
  type TypedArray,
  type Variable,
} from "@tensorflow/tfjs-core";
import type { CompileOptions, CompileStats } from "./compile.ts";
import { changesBetween, type Leaves, leavesOfArguments } from "./explain-signature.ts";
import { isRecording, type Program, type RecordingBackend } from "./recording.ts";
import {
  type OutputPosition,
  recordCall,
  type RecordedCall,
  type Recorder,
} from "./record-call.ts";
import { mapStructure, signatureOf } from "./structure.ts";
import { currentTrace, type Refill } from "./trace.ts";

/** What was recorded of a function, for each signature. */
export interface Recorded {
  readonly name: string;
  readonly stats: CompileStats;
  /** What a call with these arguments replays; undefined where the function itself is to be called. */
  find(args: readonly unknown[]): Recording | undefined;
  /** Frees what was compiled. */
  dispose(): void;
}

/** Compilations that are remembered to be explained. */
const remembered = 64;

/** Records a function at its first call with a signature, and knows it at the next: what `compile` and `compileScan` share. */
export function recorded(
  fn: (...args: never[]) => unknown,
  options: CompileOptions = {},
): Recorded {
  const name = options.name ?? (fn.name || "the compiled function");
  const { cacheSize = 16, fixedWeights = false } = options;
  const recordings = new Map<string, Recording>();
  const changing = new WeakSet<Variable>();
  const stats: CompileStats = {
    calls: 0,
    compilations: 0,
    compiles: [],
    explain: () =>
      stats.compiles.map(({ call, nodes, reason }) => `call ${call}, ${nodes} nodes: ${reason}`),
  };

  const find = (args: readonly unknown[]): Recording | undefined => {
    stats.calls++;
    const { backend } = engine();
    // Inside another compiled function or a gradient, the operations themselves are wanted.
    if (!isRecording(backend) || currentTrace() || engine().state.gradientDepth > 0)
      return undefined;
    const signature = signatureOf(args);
    let recording = recordings.get(signature);
    recordings.delete(signature); // and back in below, as the newest
    const outdated = recording && whyOutdated(recording, backend, changing);
    if (!recording || outdated !== undefined) {
      const reason =
        outdated ?? whyNew(signature, args, stats, [...recordings.values()], cacheSize);
      recording?.program.dispose();
      recording = record(backend, fn as (...args: unknown[]) => unknown, args, {
        name,
        mayBeFixed: (variable) => fixedWeights && !changing.has(variable),
      });
      stats.compilations++;
      const nodes = recording.program.nodeCount;
      stats.compiles.push({ call: stats.calls, signature, nodes, reason });
      if (stats.compiles.length > remembered) stats.compiles.shift();
    }
    recordings.set(signature, recording);
    if (recordings.size > cacheSize) {
      const [oldest, { program }] = recordings.entries().next().value as [string, Recording];
      program.dispose();
      recordings.delete(oldest);
    }
    return recording;
  };

  return {
    name,
    stats,
    find,
    dispose(): void {
      for (const { program } of recordings.values()) program.dispose();
      recordings.clear();
    },
  };
}

/** Why a signature has to be compiled: what sets it apart from the one most like it among those that are kept. */
function whyNew(
  signature: string,
  args: readonly unknown[],
  { compiles }: CompileStats,
  kept: readonly Recording[],
  cacheSize: number,
): string {
  if (compiles.some((compile) => compile.signature === signature)) {
    return `compiled before, and freed since: by dispose, or because more than ${cacheSize} signatures were in use (cacheSize)`;
  }
  const leaves = leavesOfArguments(args);
  const [nearest] = kept
    .map((recording) => changesBetween(recording.leaves, leaves))
    .sort((a, b) => a.length - b.length);
  return nearest ? nearest.join("; ") : "the first call";
}

/** Where the numbers of a program's input come from at each call. */
type Source = { argument: number } | { variable: Variable } | { refill: Refill };

/** A function's call, recorded. */
export interface Recording extends RecordedCall {
  backend: KernelBackend & RecordingBackend;
  program: Program;
  sources: Source[];
  /** Variables whose numbers are constants of the program. */
  fixed: readonly Variable[];
  /** The arguments that it was recorded with, in words. */
  leaves: Leaves;
}

/**
 * Why what was compiled for a signature no longer serves; undefined if it does.
 *
 * @param changing is told of variables that were taken for constants and have changed
 */
function whyOutdated(
  { backend, program, fixed }: Recording,
  now: unknown,
  changing: WeakSet<Variable>,
): string | undefined {
  if (backend !== now) return "the backend changed";
  const changed = fixed.filter(
    (variable) => !variable.isDisposed && !program.hasConstant(variable.dataId),
  );
  for (const variable of changed) changing.add(variable);
  const names = changed.map(({ name }) => name);
  if (names.length === 0) return undefined;
  const some = names.length > 3 ? [...names.slice(0, 3), `${names.length - 3} more`] : names;
  return `variables that were fixed were given other numbers: ${some.join(", ")}`;
}

function record(
  backend: KernelBackend & RecordingBackend,
  fn: (...args: unknown[]) => unknown,
  args: readonly unknown[],
  { name, mayBeFixed }: { name: string; mayBeFixed: (variable: Variable) => boolean },
): Recording {
  const variables = Object.values(engine().registeredVariables);
  separateVariables(backend, variables);
  const placeholders: Tensor[] = [];
  const sources: Source[] = [];
  // Every argument gets numbers of its own, so that two that share data now may differ at the next call.
  let keys = 0;
  const inside = mapStructure(
    args,
    (leaf) => {
      if (leaf instanceof Key) {
        const position = keys++;
        return new Key(leaf.hi, leaf.lo, (callKeys) => callKeys[position] as Key);
      }
      const placeholder = keep(copyOf(backend, leaf));
      placeholders.push(placeholder);
      return placeholder;
    },
    "an argument",
  ) as unknown[];

  const program = backend.startProgram();
  const input = (dataId: DataId, source: Source): void => {
    program.input(dataId);
    sources.push(source);
  };
  const call = (): unknown => {
    placeholders.forEach(({ dataId }, argument) => input(dataId, { argument }));
    variables.forEach((variable) => input(variable.dataId, { variable }));
    return fn(...inside);
  };
  // What is drawn from a key that is not an argument is the same at every call.
  const bind = ({ dataId }: Tensor, refill?: Refill): void => {
    if (refill) input(dataId, { refill });
  };
  let fixed: Variable[] = [];
  const recorder: Recorder = {
    finish(outputs, assigned) {
      fixed = variables.filter((variable) => mayBeFixed(variable) && !assigned.includes(variable));
      program.finish(
        outputs,
        fixed.map(({ dataId }) => dataId),
      );
      fixed = fixed.filter(({ dataId }) => program.hasConstant(dataId));
    },
    abort: () => program.abort(),
  };
  try {
    const recorded = recordCall(call, recorder, {
      name,
      kind: "a compiled function",
      trace: { bind },
    });
    return { backend, program, sources, fixed, leaves: leavesOfArguments(args), ...recorded };
  } finally {
    dispose(placeholders);
  }
}

/** Gives variables that share their numbers (with the tensor they were made from, say) numbers of their own. */
function separateVariables(backend: RecordingBackend, variables: readonly Variable[]): void {
  for (const variable of variables) {
    if (backend.refCount(variable.dataId) === 1) continue;
    const copy = copyOf(backend, variable);
    variable.assign(copy);
    copy.dispose();
  }
}

function copyOf(backend: RecordingBackend, of: Tensor): Tensor {
  return engine().makeTensorFromTensorInfo(backend.copy(of));
}

/** Runs what was recorded. */
export function replay(recording: Recording, args: readonly unknown[], name: string): unknown {
  const { program, result, assigned } = recording;
  const outputs = program.run(
    inputsOf(recording, args, name),
    assigned.map(({ dataId }) => dataId),
  );
  assign(recording, outputs);
  return answerOf(result, outputs);
}

/** The numbers of each input that a program reads. */
export function inputsOf(
  { program, sources, fixed }: Recording,
  args: readonly unknown[],
  name: string,
): (DataId | TypedArray | undefined)[] {
  fixed.forEach((variable) => expectAlive(variable, name));
  const tensors: Tensor[] = [];
  const keys: Key[] = [];
  mapStructure(
    args,
    (leaf) => (leaf instanceof Key ? keys.push(leaf) : tensors.push(leaf)),
    "an argument",
  );
  return sources.map((source, i) => {
    if (!program.reads(i)) return undefined;
    if ("argument" in source) return (tensors[source.argument] as Tensor).dataId;
    if ("refill" in source) return source.refill(keys);
    expectAlive(source.variable, name);
    return source.variable.dataId;
  });
}

/** Gives variables what a program answered for them, where they did not take it over themselves. */
export function assign(
  { resultCount, assigned }: Recording,
  outputs: readonly (TensorInfo | undefined)[],
): void {
  assigned.forEach((variable, i) => {
    const info = outputs[resultCount + i];
    if (!info) return;
    const value = engine().makeTensorFromTensorInfo(info);
    variable.assign(value);
    value.dispose();
  });
}

/** A part of a result, with its tensors. */
export function answerOf(result: unknown, outputs: readonly (TensorInfo | undefined)[]): unknown {
  return mapStructure(
    result,
    (leaf) =>
      engine().makeTensorFromTensorInfo(outputs[(leaf as OutputPosition).position] as TensorInfo),
    "the result",
  );
}

function expectAlive({ isDisposed, name: variable }: Variable, name: string): void {
  if (!isDisposed) return;
  throw new Error(
    `${name}: the variable ${variable} that it was compiled with has been disposed of`,
  );
}
