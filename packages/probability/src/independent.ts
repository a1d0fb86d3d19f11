import { sum, type Tensor, tidy } from "@gen/tensor";
import type { ClosedKl, Distribution, Entropic, Moments } from "./distribution.ts";
import { expectEvents } from "./parameter.ts";
import type { Pathwise } from "./tractable.ts";

/** A product of distributions; it has in closed form what its base has. */
export type Independent<D extends Distribution> = Distribution & { readonly base: D } & Kept<D>;

type Kept<D> = (D extends Moments ? Moments : unknown) &
  (D extends Pathwise ? Pathwise : unknown) &
  (D extends Entropic ? Entropic : unknown) &
  (D extends ClosedKl<infer Q> ? ClosedKl<{ readonly base: Q }> : unknown);

/**
 * The joint distribution of independent ones: the last `eventRank` axes of the batch become axes of the event, and
 * log-densities, entropies and divergences are sums over them. `independent(bernoulli(logits), 3)` is a distribution of
 * images where `logits` is [batch, height, width, channels].
 *
 * @throws where the batch has fewer axes
 */
export function independent<D extends Distribution>(base: D, eventRank: number): Independent<D> {
  const { batchShape, eventShape } = base;
  if (!(Number.isInteger(eventRank) && eventRank >= 0 && eventRank <= batchShape.length)) {
    throw new Error(
      `independent: eventRank must be one of 0 to ${batchShape.length}, the axes of the batch [${batchShape}] of ` +
        `${base.name}, got ${eventRank}`,
    );
  }
  const from = batchShape.length - eventRank;
  const shapes = {
    batchShape: batchShape.slice(0, from),
    eventShape: [...batchShape.slice(from), ...eventShape],
  };
  const total = (values: () => Tensor): Tensor =>
    tidy(() => {
      const each = values();
      return sum(
        each,
        Array.from({ length: eventRank }, (_, i) => each.rank - 1 - i),
      );
    });
  const { entropy, kl } = base as Partial<Entropic & ClosedKl<unknown>>;
  return {
    ...base,
    ...shapes,
    base,
    logProb: (x: Tensor) => {
      expectEvents(`${base.name}.logProb`, shapes, x);
      return total(() => base.logProb(x));
    },
    ...(entropy && { entropy: () => total(entropy) }),
    ...(kl && { kl: (q: { base: unknown }) => total(() => kl(q.base)) }),
  } as unknown as Independent<D>;
}
