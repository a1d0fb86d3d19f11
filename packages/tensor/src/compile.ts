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

/** Compilations that are remembered to be explained. */
const remembered = 64;

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

  const call = (...args: A): R => {
    stats.calls++;
    const { backend } = engine();
    // Inside another compiled function or a gradient, the operations themselves are wanted.
    if (!isRecording(backend) || currentTrace() || engine().state.gradientDepth > 0)
      return fn(...args);
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
    return replay(recording, args, name) as R;
  };

  return Object.assign(call, {
    stats,
    dispose(): void {
      for (const { program } of recordings.values()) program.dispose();
      recordings.clear();
    },
  });
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

interface Recording extends RecordedCall {
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

function replay(recording: Recording, args: readonly unknown[], name: string): unknown {
  const { program, sources, fixed, result, resultCount, assigned } = recording;
  fixed.forEach((variable) => expectAlive(variable, name));
  const tensors: Tensor[] = [];
  const keys: Key[] = [];
  mapStructure(
    args,
    (leaf) => (leaf instanceof Key ? keys.push(leaf) : tensors.push(leaf)),
    "an argument",
  );
  const inputs = sources.map((source, i): DataId | TypedArray | undefined => {
    if (!program.reads(i)) return undefined;
    if ("argument" in source) return (tensors[source.argument] as Tensor).dataId;
    if ("refill" in source) return source.refill(keys);
    expectAlive(source.variable, name);
    return source.variable.dataId;
  });
  const outputs = program.run(
    inputs,
    assigned.map(({ dataId }) => dataId),
  );
  assigned.forEach((variable, i) => {
    const info = outputs[resultCount + i];
    if (!info) return;
    const value = engine().makeTensorFromTensorInfo(info);
    variable.assign(value);
    value.dispose();
  });
  const answers = outputs
    .slice(0, resultCount)
    .map((info) => engine().makeTensorFromTensorInfo(info as TensorInfo));
  return mapStructure(result, (leaf) => answers[(leaf as OutputPosition).position], "the result");
}

function expectAlive({ isDisposed, name: variable }: Variable, name: string): void {
  if (!isDisposed) return;
  throw new Error(
    `${name}: the variable ${variable} that it was compiled with has been disposed of`,
  );
}
