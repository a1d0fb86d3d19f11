/**
 * log p of a list of probabilities, for the logits of a categorical distribution or of a mixture.
 *
 * @throws unless each is in [0, 1] and they sum to 1 (to 1e-6)
 */
export function logProbabilities(probabilities: readonly number[]): number[] {
  const bad = probabilities.findIndex((p) => !(p >= 0 && p <= 1));
  if (bad >= 0) {
    throw new Error(
      `logProbabilities: probabilities must be within [0, 1], got ${probabilities[bad]} at ${bad}`,
    );
  }
  const sum = probabilities.reduce((total, p) => total + p, 0);
  if (!(Math.abs(sum - 1) < 1e-6)) {
    throw new Error(`logProbabilities: probabilities must sum to 1, got a sum of ${sum}`);
  }
  return probabilities.map(Math.log);
}
