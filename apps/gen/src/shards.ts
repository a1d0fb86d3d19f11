/**
 * Into how many equal parts a batch is split, for `shards` of `trainStep` and of samplers: as many as pay for a kind of
 * network (docs/performance.md), or the next fewer that divide the batch.
 */
export function shardsOf(batch: number, most: number): number {
  let count = Math.min(most, batch);
  while (batch % count !== 0) count--;
  return count;
}
