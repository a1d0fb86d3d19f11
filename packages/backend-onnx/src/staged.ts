import { type Node, sameShape, sizeOf, type Value } from "./graph.ts";
import { lower, type LoweredGraph } from "./lower.ts";
import { type Data, type HostData, isHost } from "./runtime/data.ts";
import type { Runtime, RuntimeTensor, Session } from "./runtime/runtime.ts";
import { type Part, stagesOf } from "./stages.ts";
import { structureKey } from "./structure-key.ts";

interface LoadedStage {
  parts: readonly { inputs: readonly number[]; outputs: readonly number[] }[];
  run(inputs: readonly (readonly RuntimeTensor[])[]): Data[][];
  dispose(): void;
}

export interface LoadedStages extends Session {
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
    const placed = parts.map((part) => ({
      inputs: part.inputs.map(placeOf),
      outputs: part.outputs.map(placeOf),
    }));
    const [model, other] = models;
    if (other && runtime.loadTogether) {
      const together = runtime.loadTogether(models);
      return { parts: placed, run: together.run, dispose: () => together.dispose() };
    }
    const session = runtime.load(model!);
    return {
      parts: placed,
      run: ([values]) => [session.run(values!)],
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
  return {
    nodeCount,
    inPlace: [], // another part may still read the input
    run(given) {
      const values: (RuntimeTensor | undefined)[] = [...given];
      for (const { place, input, offset } of views) {
        values[place] = { ...kinds[place]!, data: given[input]!.data, offset };
      }
      let done = false;
      try {
        for (const { parts, run } of stages) {
          const results = run(parts.map((part) => part.inputs.map((at) => values[at]!)));
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
