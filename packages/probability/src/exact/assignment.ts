import { checkCosts, type Costs } from "./transport.ts";

/** The cheapest one-to-one assignment, with the proof that there is none cheaper. */
export interface Assignment {
  /** columnOf[i] is the column that row i is assigned to. */
  readonly columnOf: Int32Array;
  /** The sum of the costs of all rows. */
  readonly cost: number;
  /** Kantorovich's dual: rowPotential[i] + columnPotential[j] ≤ cost[i, j], and all of them add up to `cost`. */
  readonly rowPotential: Float64Array;
  readonly columnPotential: Float64Array;
}

/**
 * The exact optimal assignment by shortest augmenting paths (the Hungarian method in the form of Jonker and Volgenant
 * 1987), O(rows²·columns). For two equally large point sets with costs ‖x - y‖^p, (cost / rows)^(1/p) is their
 * Wasserstein distance W_p.
 *
 * @param costs with no more rows than columns
 */
export function assignment(costs: Costs): Assignment {
  checkCosts("assignment", costs);
  const { rows, columns, values } = costs;
  if (rows > columns) {
    throw new Error(
      `assignment: costs must have no more rows than columns, got ${rows} × ${columns}; exchange the two sets`,
    );
  }
  const rowPotential = new Float64Array(rows);
  const columnPotential = new Float64Array(columns);
  const rowOf = new Int32Array(columns).fill(-1);
  const columnOf = new Int32Array(rows).fill(-1);
  const distance = new Float64Array(columns);
  const before = new Int32Array(columns);
  const reached: number[] = [];

  for (let start = 0; start < rows; start++) {
    // Dijkstra over reduced costs from row `start` to the nearest free column.
    const open = Array.from({ length: columns }, (_, j) => j);
    distance.fill(Infinity);
    reached.length = 0;
    let row = start;
    let length = 0;
    let end = -1;
    while (end < 0) {
      let best = 0;
      for (let k = 0; k < open.length; k++) {
        const j = open[k]!;
        const through =
          length + values[row * columns + j]! - rowPotential[row]! - columnPotential[j]!;
        if (through < distance[j]!) {
          distance[j] = through;
          before[j] = row;
        }
        if (distance[j]! < distance[open[best]!]!) best = k;
      }
      const nearest = open[best]!;
      open[best] = open[open.length - 1]!;
      open.pop();
      reached.push(nearest);
      length = distance[nearest]!;
      if (rowOf[nearest]! < 0) end = nearest;
      else row = rowOf[nearest]!;
    }
    // Potentials keep all reduced costs ≥ 0 and make those along the path 0.
    rowPotential[start]! += length;
    for (const j of reached) {
      const slack = length - distance[j]!;
      columnPotential[j]! -= slack;
      if (rowOf[j]! >= 0) rowPotential[rowOf[j]!]! += slack;
    }
    for (let j = end; ;) {
      const from = before[j]!;
      const previous = columnOf[from]!;
      rowOf[j] = from;
      columnOf[from] = j;
      if (from === start) break;
      j = previous;
    }
  }
  let cost = 0;
  columnOf.forEach((column, row) => (cost += values[row * columns + column]!));
  return { columnOf, cost, rowPotential, columnPotential };
}
