import type { Value } from "../graph.ts";
import type { Substitute } from "./index.ts";

/** Tensors that one shader may write beside the one that it reads: WebGPU grants 8 in all. */
const most = 7;

interface Part {
  shape: readonly number[];
}

/** A split into many parts as a tree of splits into few. */
export const splitOfFew: Substitute = (graph, [x], attributes, results) => {
  if (results.length <= most) return undefined;
  const { int } = attributes["axis"] as { int: number };
  const axis = int < 0 ? int + (x as Value).shape.length : int;
  const sizeOf = ({ shape }: Part): number => shape[axis] as number;

  const divide = (whole: Value, parts: readonly Part[]): Value[] => {
    if (parts.length === 1) return [whole];
    const groups = groupsOf(parts);
    const shapes = groups.map((group) => {
      const shape = [...whole.shape];
      shape[axis] = group.reduce((total, part) => total + sizeOf(part), 0);
      return { shape, type: whole.type };
    });
    const made = graph.multi("Split", [whole, graph.ints(shapes.map(sizeOf))], shapes, {
      attributes,
    });
    return groups.flatMap((group, i) => divide(made[i] as Value, group));
  };
  return divide(x as Value, results);
};

/** At most `most` runs of neighbours: as long as that needs, and each but the last a full tree of its own. */
function groupsOf(parts: readonly Part[]): Part[][] {
  let length = 1;
  while (length * most < parts.length) length *= most;
  const groups: Part[][] = [];
  for (let at = 0; at < parts.length; at += length) groups.push(parts.slice(at, at + length));
  return groups;
}
