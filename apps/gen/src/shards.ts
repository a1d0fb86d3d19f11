/**
 * Into how many equal parts a batch is split, for `shards` of `trainStep` and of samplers: as many as pay for a kind of
 * network (docs/performance.md), or the next fewer that divide the batch.
 */
export function shardsOf(batch: number, most: number): number {
  let count = Math.min(most, batch);
  while (batch % count !== 0) count--;
  return count;
}

/** Shards of a batch of sequences that are drawn token by token: of some 16 each, whose caches stay near the processor. */
export function drawnShards(batch: number): number {
  return shardsOf(batch, Math.max(1, Math.floor(batch / 16)));
}
