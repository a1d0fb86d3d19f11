import { checkCosts, type Costs } from "./transport.ts";

export interface SinkhornOptions {
  /** ε > 0, in the unit of the costs: the smaller, the nearer to optimal transport and the slower. */
  readonly epsilon: number;
  /** Masses of the rows and columns, each with a sum of 1; equal if not given. */
  readonly rowMass?: ArrayLike<number>;
  readonly columnMass?: ArrayLike<number>;
  /** It stops when the plan's row sums are off by no more than this in all. */
  readonly tolerance?: number;
  readonly maxIterations?: number;
}

/** An entropic transport plan. */
export interface SinkhornPlan {
  /** How much goes from row i to column j: [rows × columns], with a sum of 1. */
  readonly plan: Float64Array;
  /** Σ plan·cost: an upper bound of the optimal transport cost, reached as ε → 0. */
  readonly cost: number;
  /** Σ plan·cost + ε·KL(plan ‖ rowMass × columnMass): what the plan minimises. */
  readonly entropicCost: number;
  readonly iterations: number;
}

/**
 * Entropic optimal transport by Sinkhorn's iteration in log space, which does not underflow at small ε (Cuturi 2013,
 * arXiv:1306.0895; Peyré and Cuturi 2019, arXiv:1803.00567, section 4.4).
 *
 * @throws if it has not converged after `maxIterations`
 */
export function sinkhorn(costs: Costs, options: SinkhornOptions): SinkhornPlan {
  checkCosts("sinkhorn", costs);
  const { rows, columns, values } = costs;
  const { epsilon, tolerance = 1e-9, maxIterations = 10_000 } = options;
  if (!(epsilon > 0 && epsilon < Infinity)) {
    throw new Error(`sinkhorn: epsilon must be a positive number, got ${epsilon}`);
  }
  const rowLog = logMasses("rowMass", options.rowMass, rows);
  const columnLog = logMasses("columnMass", options.columnMass, columns);
  // Potentials in units of ε, relative to the masses: plan = exp(f + g - cost/ε + ln rowMass + ln columnMass).
  const scaled = values.map((cost) => cost / epsilon);
  const turned = Float64Array.from(
    scaled,
    (_, at) => scaled[(at % rows) * columns + Math.floor(at / rows)]!,
  );
  const f = new Float64Array(rows);
  const g = new Float64Array(columns);
  for (let iteration = 1; iteration <= maxIterations; iteration++) {
    const before = f.slice();
    balance(f, g, columnLog, scaled);
    // Before this half-step the plan's sum of row i was rowMass·exp(before - f).
    let error = 0;
    f.forEach((next, i) => {
      error += Math.exp(rowLog[i]!) * Math.abs(Math.expm1(before[i]! - next));
    });
    if (iteration > 1 && error <= tolerance) return finish(iteration - 1);
    balance(g, f, rowLog, turned);
  }
  throw new Error(
    `sinkhorn: no convergence to ${tolerance} in ${maxIterations} iterations at epsilon ${epsilon}; take a larger epsilon or more iterations`,
  );

  function finish(iterations: number): SinkhornPlan {
    const plan = new Float64Array(values.length);
    let cost = 0;
    let divergence = 0;
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        const at = i * columns + j;
        const ratio = f[i]! + g[j]! - scaled[at]!;
        const mass = Math.exp(ratio + rowLog[i]! + columnLog[j]!);
        plan[at] = mass;
        if (mass === 0) continue;
        cost += mass * values[at]!;
        divergence += mass * ratio;
      }
    }
    return { plan, cost, entropicCost: cost + epsilon * divergence, iterations };
  }
}

/** target[i] = -ln Σⱼ exp(other[j] + logMass[j] - table[i, j]): the masses of one side come out right. */
function balance(
  target: Float64Array,
  other: Float64Array,
  logMass: Float64Array,
  table: Float64Array,
): void {
  const count = other.length;
  const base = other.map((potential, j) => potential + logMass[j]!);
  for (let i = 0; i < target.length; i++) {
    const row = i * count;
    let largest = -Infinity;
    for (let j = 0; j < count; j++) {
      const log = base[j]! - table[row + j]!;
      if (log > largest) largest = log;
    }
    let sum = 0;
    for (let j = 0; j < count; j++) {
      const below = base[j]! - table[row + j]! - largest;
      // Smaller terms are lost in the sum, and most are smaller where ε is small.
      if (below > -40) sum += Math.exp(below);
    }
    target[i] = -largest - Math.log(sum);
  }
}

function logMasses(
  name: string,
  given: ArrayLike<number> | undefined,
  count: number,
): Float64Array {
  const masses = given ? Float64Array.from(given) : new Float64Array(count).fill(1 / count);
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  const right = masses.length === count && masses.every((mass) => mass >= 0);
  if (!right || !(Math.abs(total - 1) <= 1e-6)) {
    throw new Error(
      `sinkhorn: ${name} must be ${count} numbers ≥ 0 with a sum of 1, got ${masses.length} with a sum of ${total}`,
    );
  }
  return masses.map(Math.log);
}
