import { Key } from "@gen/random";
import {
  clone,
  concat,
  dispose,
  gather,
  reshape,
  type Tensor,
  type TensorContainer,
  tidy,
} from "@tensorflow/tfjs-core";
import type { CompileOptions, CompileStats } from "./compile.ts";
import { answerOf, assign, inputsOf, recorded, type Recording, replay } from "./recorded.ts";
import type { OutputPosition } from "./record-call.ts";
import { mapStructure, signatureOf } from "./structure.ts";

/** A compiled loop: what `compileScan` answers. */
export interface CompiledScan<C, X, Y> {
  (carry: C, xs: X): [carry: C, ys: Y];
  readonly stats: CompileStats;
  /** Frees what was compiled; a later call compiles anew. */
  dispose(): void;
}

/**
 * A loop whose body is compiled, as `jax.lax.scan`: the body is called once for each row of `xs`, is given what the call
 * before it carried on, and answers what it carries on and what it makes. Variables that it assigns carry on as well. The
 * engine runs all calls with no JavaScript in between; and where the body computes everything in `parallel` branches,
 * each of which carries on with results of its own, no branch waits for another one. Elsewhere it is a loop of compiled
 * calls.
 *
 * @param body as a function for `compile`. Carry, x and y are tensors, in arrays and plain objects; the carry keeps its
 *   types and shapes
 * @returns a function of the first carry and of xs, tensors with a row for each call; it answers the last carry, and what
 *   the body made in all calls, with a row for each. The arguments stay the caller's, the answer is the caller's to
 *   dispose of.
 * @throws from it, if the carry changes its types or shapes, or the xs have not all as many rows, at least one
 */
export function compileScan<C, X, Y>(
  body: (carry: C, x: X) => [carry: C, y: Y],
  options: CompileOptions = {},
): CompiledScan<C, X, Y> {
  const name = options.name ?? (body.name || "the compiled loop");
  const { find, stats, dispose: free } = recorded(body, { ...options, name });

  /** One call, or, where the engine can, all that are left: the carry, what was made, and how many calls it took. */
  const advance = (carry: C, xs: X, from: number, left: number): [C, Y, number] => {
    const x = rowOf(xs, from);
    try {
      const recording = find([carry, x]);
      const all = recording && left > 1 && runAll<C, Y>(recording, carry, xs, [from, left], name);
      if (all) return [...all, left];
      const [next, y] = recording
        ? (replay(recording, [carry, x], name) as [C, Y])
        : called(body, carry, x);
      return [next, asRow(y), 1];
    } finally {
      dispose(tensorsOf(x));
    }
  };

  const scan = (carry: C, rows: X): [C, Y] => {
    const count = rowsOf(rows, name);
    const given = signatureOf([carry]);
    const made: Y[] = [];
    // A variable among them counts with the numbers that it has now.
    const [first, xs] = mapTensors([carry, rows], (leaf) => clone(leaf)) as [C, X];
    let now = first;
    try {
      for (let done = 0; done < count;) {
        const [next, y, calls] = advance(now, xs, done, count - done);
        made.push(y);
        dispose(tensorsOf(now));
        now = next;
        done += calls;
        if (signatureOf([now]) !== given) {
          throw new Error(
            `${name}: the carry must keep its types and shapes, ${given}; the body answered ${signatureOf([now])}`,
          );
        }
      }
      return [now, joined(made)];
    } catch (error) {
      dispose(tensorsOf(now));
      throw error;
    } finally {
      dispose(tensorsOf([made, xs]));
    }
  };
  return Object.assign(scan, { stats, dispose: free });
}

/** All calls from a row on at once, if the engine can do that now. */
function runAll<C, Y>(
  recording: Recording,
  carry: C,
  xs: unknown,
  [from, count]: readonly [number, number],
  name: string,
): [C, Y] | undefined {
  const { program, assigned, sources } = recording;
  const [carryOf, yOf] = recording.result as [unknown, unknown];
  let carried = 0;
  const given = mapStructure(carry, () => carried++, "the carry");
  const answered = mapStructure(carryOf, (leaf) => (leaf as OutputPosition).position, "the carry");
  if (JSON.stringify(given) !== JSON.stringify(answered)) return undefined;
  const outputs = program.runSeries(
    {
      from,
      count,
      inputs: inputsOf(recording, [carry, xs], name),
      carried,
      moving: tensorsOf(xs).length,
      targetInputs: assigned.map((variable) =>
        sources.findIndex((source) => "variable" in source && source.variable === variable),
      ),
    },
    assigned.map(({ dataId }) => dataId),
  );
  if (!outputs) return undefined;
  assign(recording, outputs);
  return [answerOf(carryOf, outputs) as C, answerOf(yOf, outputs) as Y];
}

/** Calls the body itself. What it answers twice, or has from elsewhere, is answered as tensors of their own. */
function called<C, X, Y>(body: (carry: C, x: X) => [C, Y], carry: C, x: X): [C, Y] {
  return tidy(
    () => mapTensors(body(carry, x), (leaf) => clone(leaf)) as unknown as TensorContainer,
  ) as unknown as [C, Y];
}

/** How many rows the tensors have. */
function rowsOf(xs: unknown, name: string): number {
  const counts = new Set(tensorsOf(xs).map(({ shape }) => shape[0] ?? 0));
  const [count = 0] = counts;
  if (counts.size === 1 && count > 0) return count;
  throw new Error(
    `${name}: the xs must be tensors with as many rows each, at least one, got ${[...counts].join(", ") || "no tensor"}`,
  );
}

function rowOf<X>(xs: X, row: number): X {
  // Gathered: the position is then a number that a graph is given, and not a part of the graph.
  return mapTensors(xs, (leaf) =>
    tidy(() => reshape(gather(leaf, [row]), leaf.shape.slice(1) as number[])),
  );
}

/** Tensors as rows of their own, which it takes over. */
function asRow<Y>(y: Y): Y {
  return mapTensors(y, (leaf) => {
    const row = reshape(leaf, [1, ...leaf.shape]);
    leaf.dispose();
    return row;
  });
}

function joined<Y>(parts: readonly Y[]): Y {
  const tensors = parts.map(tensorsOf);
  let i = 0;
  return mapTensors(parts[0] as Y, () => {
    const leaves = tensors.map((each) => each[i]!);
    i++;
    return leaves.length === 1 ? clone(leaves[0]!) : concat(leaves, 0);
  });
}

function mapTensors<S>(structure: S, fn: (tensor: Tensor) => Tensor): S {
  return mapStructure(structure, (leaf) => fn(expectTensor(leaf)), "a part of the loop") as S;
}

function tensorsOf(structure: unknown): Tensor[] {
  return leavesOf(structure).map(expectTensor);
}

function leavesOf(structure: unknown): (Tensor | Key)[] {
  const leaves: (Tensor | Key)[] = [];
  mapStructure(structure, (leaf) => leaves.push(leaf), "a part of the loop");
  return leaves;
}

function expectTensor(leaf: Tensor | Key): Tensor {
  if (!(leaf instanceof Key)) return leaf;
  throw new Error("A compiled loop takes and gives tensors; draw what is random before it");
}
