import { Key } from "@gen/random";
import {
  clone,
  dispose,
  engine,
  keep,
  type Tensor,
  type TensorInfo,
  tidy,
  type Variable,
} from "@tensorflow/tfjs-core";
import { mapStructure } from "./structure.ts";
import { type Trace, withTrace } from "./trace.ts";

/** What a backend does with the operations of a call that it records. */
export interface Recorder {
  /** Ends the recording: these tensors are what is wanted of it, variables that were assigned among them, last. */
  finish(outputs: readonly TensorInfo[], assigned: readonly Variable[]): void;
  /** Forgets what was recorded. */
  abort(): void;
}

export interface RecordedCall {
  /** The answer, with an `OutputPosition` for each tensor. */
  result: unknown;
  resultCount: number;
  /** Variables that were given other numbers: outputs, too, after those of the answer. */
  assigned: Variable[];
}

/** Stands for a tensor of the answer: its position among the outputs. */
export class OutputPosition extends Key {
  readonly position: number;
  constructor(position: number) {
    super(0, 0);
    this.position = position;
  }
}

/**
 * Calls a function while a backend records, and leaves everything as it was: variables have the numbers that they had
 * before, and those made inside are gone.
 *
 * @param kind what the function becomes, for errors: "a compiled function"
 * @throws what the function throws; or if it returns a key or creates variables
 */
export function recordCall(
  call: () => unknown,
  recorder: Recorder,
  { name, kind, trace }: { name: string; kind: string; trace: Trace },
): RecordedCall {
  const variables = Object.values(engine().registeredVariables);
  const before = variables.map((variable) => keep(clone(variable)));
  const results: Tensor[] = [];
  let finished = false;
  try {
    const result = tidy(() => {
      const positions = mapStructure(
        withTrace(trace, call),
        (leaf) => {
          if (leaf instanceof Key) throw new Error(`${name}: ${kind} cannot return a key`);
          results.push(keep(clone(leaf)));
          return new OutputPosition(results.length - 1);
        },
        `the result of ${name}`,
      );
      // Hidden from tidy, which looks for tensors in what it returns.
      return (() => positions) as never;
    }) as unknown as () => unknown;
    if (Object.keys(engine().registeredVariables).length > variables.length) {
      throw new Error(`${name}: ${kind} cannot create variables; create them before it is called`);
    }
    const assigned = variables.filter((variable, i) => variable.dataId !== before[i]?.dataId);
    recorder.finish([...results, ...assigned], assigned);
    finished = true;
    return { result: result(), resultCount: results.length, assigned };
  } finally {
    if (!finished) {
      recorder.abort();
      for (const made of Object.values(engine().registeredVariables)) {
        if (!variables.includes(made)) made.dispose();
      }
    }
    dispose(results);
    variables.forEach((variable, i) => {
      const old = before[i] as Tensor;
      if (variable.dataId !== old.dataId && !variable.isDisposed) variable.assign(old);
    });
    dispose(before);
  }
}
