import type { ExactDensity, Points } from "./density.ts";

/**
 * The discriminator that tells data from samples best, D*(x) = p(x) / (p(x) + q(x)) = sigmoid(ln p - ln q) (Goodfellow
 * et al. 2014, arXiv:1406.2661, proposition 1), exactly. Its logit on tensors is `optimalDiscriminatorLogit`.
 *
 * @param p of the data
 * @param q of the generator
 * @returns the probability that each point is data: [count]
 */
export function optimalDiscriminator(
  p: ExactDensity,
  q: ExactDensity,
  points: Points,
): Float64Array {
  const generated = q.logDensity(points);
  return p.logDensity(points).map((log, i) => 1 / (1 + Math.exp(generated[i]! - log)));
}
