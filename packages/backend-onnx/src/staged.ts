import { type Node, sameShape, sizeOf, type Value } from "./graph.ts";
import { lower, type LoweredGraph } from "./lower.ts";
import { type Data, type HostData, isHost } from "./runtime/data.ts";
import type { Run, Runtime, RuntimeTensor, Series, Session } from "./runtime/runtime.ts";
import { type Part, stagesOf } from "./stages.ts";
import { structureKey } from "./structure-key.ts";

/** Where the inputs and outputs of a part lie, and which outputs may be written over inputs, by their positions. */
interface LoadedPart {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly inPlace: LoweredGraph["inPlace"];
}

interface LoadedStage {
  parts: readonly LoadedPart[];
  run(runs: readonly Run[]): Data[][];
  runSeries?: ((series: readonly Series[]) => Data[][]) | undefined;
  dispose(): void;
}

export interface LoadedStages extends Omit<Session, "runSeries"> {
  /** As a session's; undefined where a part needs what another one carries. */
  runSeries?(series: Series): Data[] | undefined;
  readonly nodeCount: number;
  /** Outputs that may be written over inputs. */
  readonly inPlace: LoweredGraph["inPlace"];
}

/**
 * Lowers and loads recorded nodes: as one graph, or, where there are branches among them, as several, those of a fork
 * to run at the same time.
 *
 * @param inputs values with numbers of their own; every other value with numbers must be a constant
 */
export function loadStaged(
  nodes: readonly Node[],
  inputs: readonly Value[],
  outputs: readonly Value[],
  runtime: Runtime,
): LoadedStages {
  if (nodes.every(({ branch }) => branch === undefined)) {
    const lowered = lower(nodes, inputs, outputs, runtime);
    const { nodeCount, inPlace } = lowered;
    return Object.assign(runtime.load(lowered), { nodeCount, inPlace });
  }
  let nodeCount = 0;
  // Values that pass between parts have a place each, inputs first.
  const places = new Map<Value, number>(inputs.map((value, i) => [value, i]));
  const placeOf = (value: Value): number => {
    const place = places.get(value) ?? places.size;
    places.set(value, place);
    return place;
  };
  const load = (parts: readonly Part[]): LoadedStage => {
    const known = new Map<string, LoweredGraph>();
    const models = parts.map((part) => {
      // Branches that compute the same are one graph, with inputs of their own.
      const key = structureKey(part.nodes, part.inputs, part.outputs);
      const lowered = known.get(key) ?? lower(part.nodes, part.inputs, part.outputs, runtime);
      known.set(key, lowered);
      nodeCount += lowered.nodeCount;
      return lowered;
    });
    const placed = parts.map((part, i) => ({
      inputs: part.inputs.map(placeOf),
      outputs: part.outputs.map(placeOf),
      inPlace: models[i]!.inPlace,
    }));
    const [model, other] = models;
    if (other && runtime.loadTogether) {
      return { parts: placed, ...runtime.loadTogether(models) };
    }
    const session = runtime.load(model!);
    return {
      parts: placed,
      run: ([own]) => [session.run(own!.inputs, own!.overwrite)],
      dispose: () => session.dispose(),
    };
  };
  const views = rowViews(nodes, inputs, outputs).map((view) => ({
    ...view,
    place: placeOf(view.value),
  }));
  const stages: LoadedStage[] = [];
  const dispose = (): void => stages.forEach((stage) => stage.dispose());
  try {
    const viewed = new Set(views.map(({ value }) => value));
    const left = nodes.filter((node) => !node.outputs.some((output) => viewed.has(output)));
    for (const parts of stagesOf(left, [...inputs, ...viewed], outputs)) stages.push(load(parts));
  } catch (error) {
    dispose();
    throw error;
  }
  const made = new Set(stages.flatMap(({ parts }) => parts.flatMap((part) => part.outputs)));
  const kinds = [...places.keys()].map(({ type, shape }) => ({ type, shape }));
  const answers = outputs.map((value, i) => {
    const place = places.get(value);
    // What was given, or is answered twice, is answered as a copy: it then belongs to one tensor alone.
    const own = place !== undefined && made.has(place) && outputs.indexOf(value) === i;
    return { place, constant: value.data, own };
  });
  const answered = new Set(answers.map(({ place }) => place));
  const passing = [...made].filter((place) => !answered.has(place));
  const runSeries = seriesOf(stages, inputs.length, answers);
  return {
    nodeCount,
    ...(runSeries && { runSeries }),
    inPlace: inPlaceOf(stages, inputs.length, answers, views),
    run(given, overwrite) {
      const values: (RuntimeTensor | undefined)[] = [...given];
      for (const { place, input, offset } of views) {
        values[place] = { ...kinds[place]!, data: given[input]!.data, offset };
      }
      let done = false;
      try {
        for (const { parts, run } of stages) {
          const results = run(
            parts.map((part) => ({
              inputs: part.inputs.map((at) => values[at]!),
              overwrite: positionsOf(part.inputs, overwrite),
            })),
          );
          parts.forEach((part, p) =>
            part.outputs.forEach((at, i) => {
              values[at] = { ...kinds[at]!, data: results[p]![i]! };
            }),
          );
        }
        done = true;
      } finally {
        for (const place of done ? passing : made) {
          const data = values[place]?.data;
          if (data && !isHost(data)) data.dispose();
        }
      }
      return answers.map(({ place, constant, own }) => {
        const data = place === undefined ? constant : values[place]?.data;
        return own || !isHost(data) ? (data as Data) : (data.slice() as HostData);
      });
    },
    dispose,
  };
}

/** Where an output is found at last; `own` if a part makes it and nothing else answers it. */
interface Answer {
  readonly place: number | undefined;
  readonly own: boolean;
}

/** Which results may be written over inputs: those of a part that are answered, over what no other part reads. */
function inPlaceOf(
  stages: readonly LoadedStage[],
  inputs: number,
  answers: readonly Answer[],
  views: readonly RowView[],
): LoweredGraph["inPlace"] {
  const parts = stages.flatMap((stage) => stage.parts);
  const reads = [...parts.flatMap((part) => part.inputs), ...views.map(({ input }) => input)];
  const wanted = answers.map(({ place }) => place);
  return parts.flatMap((part) =>
    part.inPlace.flatMap((each) => {
      const input = part.inputs[each.input]!;
      const output = answers.findIndex(
        ({ place, own }) => own && place === part.outputs[each.output],
      );
      const alone = reads.filter((read) => read === input).length === 1 && !wanted.includes(input);
      return input < inputs && output >= 0 && alone ? [{ output, input }] : [];
    }),
  );
}

/**
 * A series of several parts that never wait for each other: of a single stage, and where each carries on with results of
 * its own.
 */
function seriesOf(
  stages: readonly LoadedStage[],
  inputs: number,
  answers: readonly Answer[],
): LoadedStages["runSeries"] {
  const [stage, next] = stages;
  const run = stage?.runSeries;
  if (!run || next || answers.some(({ own }) => !own)) return undefined;
  const { parts } = stage;
  if (parts.some((part) => part.inputs.some((place) => place >= inputs))) return undefined; // views
  /** The part that makes an answer, and which of its outputs it is. */
  const makers = answers.map(({ place }) => {
    const part = parts.findIndex((each) => each.outputs.includes(place!));
    return { part, output: parts[part]!.outputs.indexOf(place!) };
  });
  const apart = (carried: Series["carried"]): boolean =>
    carried.every(({ output, input }) =>
      parts.every((part, p) => !part.inputs.includes(input!) || p === makers[output]!.part),
    );
  return ({ count, inputs: given, moving, carried, overwrite }) => {
    if (!apart(carried)) return undefined;
    const results = run(
      parts.map((part, p) => ({
        count,
        inputs: part.inputs.map((place) => given[place]!),
        moving: positionsOf(part.inputs, moving),
        carried: carried
          .filter(({ output }) => makers[output]!.part === p)
          .map(({ output, input }) => ({
            output: makers[output]!.output,
            input: input === undefined ? undefined : part.inputs.indexOf(input),
          })),
        overwrite: positionsOf(part.inputs, overwrite),
      })),
    );
    return makers.map(({ part, output }) => results[part]![output]!);
  };
}

/** Which of a part's inputs are among these. */
function positionsOf(
  inputs: readonly number[],
  among: ReadonlySet<number> = new Set(),
): ReadonlySet<number> {
  return new Set(inputs.flatMap((place, i) => (among.has(place) ? [i] : [])));
}

/** Rows of an input: its numbers from a position on. */
interface RowView {
  value: Value;
  input: number;
  offset: number;
}

/**
 * The slices of inputs that are rows one after the other, which need no graph to be cut out: those of a shard, say. One
 * that is wanted in the end is cut out: it is to have numbers of its own.
 */
function rowViews(
  nodes: readonly Node[],
  inputs: readonly Value[],
  outputs: readonly Value[],
): RowView[] {
  const at = new Map(inputs.map((value, i) => [value, i]));
  return nodes.flatMap(({ op, domain, branch, inputs: [from, starts], outputs: [value] }) => {
    const input = from && at.get(from);
    if (op !== "Slice" || domain !== "" || branch || input === undefined || !value) return [];
    if (outputs.includes(value)) return [];
    const whole = from!.shape.slice(1);
    if (from!.shape.length === 0 || !sameShape(whole, value.shape.slice(1))) return [];
    const offset = Number((starts!.data as BigInt64Array)[0]) * sizeOf(whole);
    return [{ value, input, offset }];
  });
}
