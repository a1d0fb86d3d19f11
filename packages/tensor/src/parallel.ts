import { engine, slice, type Tensor } from "@tensorflow/tfjs-core";
import { Key } from "@gen/random";
import { isRecording } from "./recording.ts";
import { mapStructure } from "./structure.ts";
import { currentTrace } from "./trace.ts";

/**
 * Calls functions none of which needs what another makes. Inside a compiled function, the engine computes each on a
 * share of the processor's cores, all at the same time, which costs less than to share every single operation among
 * the cores. Elsewhere, and on a device that has no such shares, one after another.
 *
 * @param branches what they answer, or assign to variables, is the caller's; calls inside a branch are part of it
 * @returns what each answered, in their order
 * @throws inside a compiled function, if a branch uses what another one made
 */
export function parallel<T>(branches: readonly (() => T)[]): T[] {
  const { backend } = engine();
  return isRecording(backend) ? backend.parallel(branches) : branches.map((branch) => branch());
}

/** Which of how many equal parts of a batch is being computed; the only one of 1 outside `inShards`. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

let current: Shard = { index: 0, count: 1 };

export function currentShard(): Shard {
  return current;
}

/**
 * Computes something of a batch part by part, the parts in `parallel`. What is drawn from a key inside, with an example
 * to a row, is the part's own rows of what the whole batch would draw, so that the parts together are what the whole
 * would be, as long as no example has an influence on another one's result.
 *
 * @param count how many parts; with 1, and in a function that `exportOnnx` records, `fn` is given the batch itself
 * @param batch tensors with as many rows, in arrays and plain objects: each part is given its rows. Scalars and what is
 *   not a tensor are given to all parts. They stay the caller's.
 * @returns what `fn` answered for each part, the caller's to dispose of, as are the tensors of the parts: a `tidy`
 *   around it does both
 * @throws if the rows of a tensor cannot be split into so many parts
 */
export function inShards<B, R>(count: number, batch: B, fn: (part: B) => R): R[] {
  if (!Number.isInteger(count) || count < 1) {
    throw new Error(`inShards: the number of shards must be a positive integer, got ${count}`);
  }
  if (count === 1 || currentTrace()?.whole) return [fn(batch)];
  const part = (index: number): B =>
    mapStructure(
      batch,
      (leaf) => (leaf instanceof Key || leaf.rank === 0 ? leaf : rowsOf(leaf, { index, count })),
      "the batch",
    ) as B;
  // Rows are taken outside of the branches, which are then the same graph.
  const parts = Array.from({ length: count }, (_, index) => part(index));
  return parallel(
    parts.map((own, index) => () => {
      const outer = current;
      current = { index: outer.index * count + index, count: outer.count * count };
      try {
        return fn(own);
      } finally {
        current = outer;
      }
    }),
  );
}

function rowsOf(tensor: Tensor, { index, count }: Shard): Tensor {
  const [rows = 0, ...row] = tensor.shape;
  if (rows === 0 || rows % count !== 0) {
    throw new Error(
      `inShards: the first dimension of every tensor must be a multiple of ${count}, the number of shards, got shape [${tensor.shape}]`,
    );
  }
  const size = rows / count;
  return slice(tensor, [index * size, ...row.map(() => 0)], [size, ...row]);
}
