import { Key } from "@gen/random";
import { type Tensor } from "@tensorflow/tfjs-core";
import { mapStructure } from "./structure.ts";

/** What belongs to the signature of a call, by its place in the arguments: "argument 0.images". */
export type Leaves = ReadonlyMap<string, Leaf>;

type Leaf = { dtype: string; shape: readonly number[] } | "key" | { value: string };

/** The tensors, keys and plain values of a call's arguments. */
export function leavesOfArguments(args: readonly unknown[]): Leaves {
  const leaves = new Map<string, Leaf>();
  const visit = (value: unknown, place: string): void => {
    if (Array.isArray(value)) value.forEach((item, i) => visit(item, `${place}[${i}]`));
    else if (value instanceof Described) leaves.set(place, value.leaf);
    else if (value !== null && typeof value === "object") {
      for (const [name, item] of Object.entries(value)) visit(item, `${place}.${name}`);
    } else leaves.set(place, { value: textOf(value) });
  };
  const described = mapStructure(args, (leaf) => new Described(leaf), "an argument") as unknown[];
  described.forEach((value, i) => visit(value, `argument ${i}`));
  return leaves;
}

class Described {
  readonly leaf: Leaf;
  constructor(of: Tensor | Key) {
    this.leaf = of instanceof Key ? "key" : { dtype: of.dtype, shape: of.shape };
  }
}

/** In words, what differs between two calls: one sentence for each place, and how many more there are. */
export function changesBetween(before: Leaves, after: Leaves, most = 4): string[] {
  const changes: string[] = [];
  for (const place of new Set([...before.keys(), ...after.keys()])) {
    const [from, to] = [before.get(place), after.get(place)];
    if (!to) changes.push(`${place} is gone, which was ${wordsOf(from as Leaf)}`);
    else if (!from) changes.push(`${place} is new, ${wordsOf(to)}`);
    else if (wordsOf(from) !== wordsOf(to)) {
      const advice = isNumber(from) && isNumber(to) ? numberAdvice : "";
      changes.push(
        `${place} changed its ${aspectOf(from, to)} from ${wordsOf(from)} to ${wordsOf(to)}${advice}`,
      );
    }
  }
  const more = changes.length - most;
  return more > 0 ? [...changes.slice(0, most), `${more} more`] : changes;
}

const numberAdvice = " (pass a number that changes as a scalar tensor)";

function isNumber(leaf: Leaf): boolean {
  return typeof leaf === "object" && "value" in leaf && !Number.isNaN(Number(leaf.value));
}

function aspectOf(from: Leaf, to: Leaf): string {
  const [was, is] = [kindOf(from), kindOf(to)];
  if (was !== is) return "kind";
  if (was !== "tensor") return was;
  return (from as { dtype: string }).dtype === (to as { dtype: string }).dtype ? "shape" : "dtype";
}

function kindOf(leaf: Leaf): string {
  if (leaf === "key") return "key";
  return "value" in leaf ? "value" : "tensor";
}

function wordsOf(leaf: Leaf): string {
  if (leaf === "key") return "a key";
  return "value" in leaf ? leaf.value : `${leaf.dtype} [${leaf.shape.join(", ")}]`;
}

function textOf(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
