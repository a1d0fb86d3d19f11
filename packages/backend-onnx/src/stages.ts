import type { Branch, Node, Value } from "./graph.ts";

/** Nodes that run as one graph. */
export interface Part {
  readonly nodes: Node[];
  /** What it needs of other parts and from outside, constants apart. */
  readonly inputs: Value[];
  /** What other parts need of it, or is wanted in the end. */
  readonly outputs: Value[];
}

/**
 * Splits recorded nodes into stages that run one after another, each of one part, or of the branches of a fork, which
 * may run at the same time. What is in no branch comes as late as its users allow, so that nothing is handed on
 * without need.
 *
 * @param nodes in their order
 * @param inputs values that come from outside
 * @param outputs what is wanted in the end; those that no node makes are in no part
 * @throws if a branch needs what another of its fork makes
 */
export function stagesOf(
  nodes: readonly Node[],
  inputs: readonly Value[],
  outputs: readonly Value[],
): Part[][] {
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((output) => [output, node])));
  const stageOf = stagesByNode(nodes, makers);
  const parts = new Map<string, Part & { stage: number }>();
  const partOf = (node: Node): Part => {
    const stage = stageOf.get(node) as number;
    const key = `${stage} ${node.branch?.index ?? 0}`;
    const part = parts.get(key) ?? { stage, nodes: [], inputs: [], outputs: [] };
    parts.set(key, part);
    return part;
  };
  const outside = new Set(inputs);
  const taken = new Map<Part, Set<Value>>();
  const given = new Set<Value>();
  const give = (value: Value, from: Node): void => {
    if (given.has(value)) return;
    given.add(value);
    partOf(from).outputs.push(value);
  };
  for (const node of nodes) {
    const part = partOf(node);
    part.nodes.push(node);
    const known = taken.get(part) ?? new Set();
    taken.set(part, known);
    for (const input of node.inputs) {
      const maker = makers.get(input);
      if (known.has(input) || (maker ? partOf(maker) === part : !outside.has(input))) continue;
      if (maker && sameFork(maker.branch, node.branch)) {
        throw new Error(
          "parallel: a branch uses what another branch made; compute it before, or in the same branch",
        );
      }
      known.add(input);
      part.inputs.push(input);
      if (maker) give(input, maker);
    }
  }
  for (const output of outputs) {
    const maker = makers.get(output);
    if (maker) give(output, maker);
  }
  const stages: Part[][] = [];
  for (const { stage, ...part } of parts.values()) (stages[stage] ??= []).push(part);
  return stages.filter((stage) => stage !== undefined);
}

function sameFork(a: Branch | undefined, b: Branch | undefined): boolean {
  return a !== undefined && b !== undefined && a.fork === b.fork;
}

/** Odd stages are the forks; what is in no branch lies between them. */
function stagesByNode(nodes: readonly Node[], makers: ReadonlyMap<Value, Node>): Map<Node, number> {
  const last = 2 * Math.max(0, ...nodes.map(({ branch }) => branch?.fork ?? 0));
  const stages = new Map<Node, number>();
  /** The latest stage, outside of all branches, that a node's users leave it. */
  const latest = new Map<Node, number>();
  for (const node of nodes.toReversed()) {
    const stage = node.branch ? 2 * node.branch.fork - 1 : (latest.get(node) ?? last);
    stages.set(node, stage);
    const before = node.branch ? stage - 1 : stage;
    for (const input of node.inputs) {
      const maker = makers.get(input);
      if (maker) latest.set(maker, Math.min(latest.get(maker) ?? last, before));
    }
  }
  return stages;
}
