/** A table of probabilities: rows of numbers. */
export type Table = readonly (readonly number[])[];

/** p(x, y) = p(x)·p(y | x) as [x][y], from the prior [x] and the likelihood [x][y], whose rows have a sum of 1. */
export function jointTable(prior: readonly number[], likelihood: Table): number[][] {
  checkProbabilities("jointTable: prior", prior);
  if (
    likelihood.length !== prior.length ||
    likelihood.some((row) => row.length !== likelihood[0]!.length)
  ) {
    throw new Error(
      `jointTable: likelihood must have a row of one length for each of the ${prior.length} values of x, got rows of [${likelihood.map((row) => row.length).join(", ")}]`,
    );
  }
  likelihood.forEach((row, x) => checkProbabilities(`jointTable: likelihood[${x}]`, row));
  return likelihood.map((row, x) => row.map((value) => prior[x]! * value));
}

/** The marginals p(x) = Σ_y p(x, y) and p(y) = Σ_x p(x, y) of a joint table [x][y]. */
export function marginalsOfTable(joint: Table): { x: number[]; y: number[] } {
  return {
    x: joint.map((row) => row.reduce((sum, value) => sum + value, 0)),
    y: (joint[0] ?? []).map((_, y) => joint.reduce((sum, row) => sum + row[y]!, 0)),
  };
}

/**
 * The conditional p(y | x) of a joint table [x][y]: each row divided by its sum.
 *
 * @throws if some x is impossible
 */
export function conditionalOfTable(joint: Table): number[][] {
  return joint.map((row, x) => {
    const total = row.reduce((sum, value) => sum + value, 0);
    if (!(total > 0)) {
      throw new Error(
        `conditionalOfTable: row ${x} has probability ${total}, so nothing can be conditioned on it; leave it out`,
      );
    }
    return row.map((value) => value / total);
  });
}

/**
 * Bayes' rule: p(x | y) as [y][x] = p(y | x)·p(x) / p(y), out of the prior p(x) and the likelihood p(y | x) [x][y].
 * (Some lecture notes multiply by p(y).)
 *
 * @throws if some y is impossible
 */
export function posteriorTable(prior: readonly number[], likelihood: Table): number[][] {
  const joint = jointTable(prior, likelihood);
  return conditionalOfTable(joint[0]!.map((_, y) => joint.map((row) => row[y]!)));
}

function checkProbabilities(name: string, values: readonly number[]): void {
  const total = values.reduce((sum, value) => sum + value, 0);
  if (!values.every((value) => value >= 0) || !(Math.abs(total - 1) <= 1e-6)) {
    throw new Error(`${name} must be numbers ≥ 0 with a sum of 1, got [${values.join(", ")}]`);
  }
}
