import { slice, squeeze, stack, tidy } from "@gen/tensor";
import { split } from "@gen/random";
import type { Distribution, Moments } from "./distribution.ts";

/**
 * Several distributions, of different kinds if need be, as one whose last batch axis counts them:
 * `mixture(logits, stacked([gaussian(0, 1), laplace(3, 0.5)]))`.
 *
 * @throws where their events or batches have different shapes
 */
export function stacked(members: readonly (Distribution & Moments)[]): Distribution & Moments {
  const [first] = members;
  if (!first) throw new Error("stacked: members must be at least one distribution, got none");
  const { batchShape, eventShape } = first;
  for (const { name, ...member } of members) {
    if (`${member.eventShape}|${member.batchShape}` !== `${eventShape}|${batchShape}`) {
      throw new Error(
        `stacked: members must have equal batch and event shapes, got ${first.name} with [${batchShape}] and ` +
          `[${eventShape}], ${name} with [${member.batchShape}] and [${member.eventShape}]`,
      );
    }
  }
  const axis = batchShape.length;
  return {
    name: "stacked",
    batchShape: [...batchShape, members.length],
    eventShape,
    logProb: (x) =>
      tidy(() => {
        const at = x.rank - eventShape.length - 1;
        const shared = x.shape[at] === 1;
        const each = members.map((member, k) => {
          const size = x.shape.map((n, i) => (i === at ? 1 : n));
          const begin = x.shape.map((_, i) => (i === at && !shared ? k : 0));
          return member.logProb(squeeze(slice(x, begin, size), [at]));
        });
        return stack(each, each[0]!.rank);
      }),
    sample: (key, shape = []) =>
      tidy(() => {
        const keys = split(key, members.length);
        return stack(
          members.map((member, k) => member.sample(keys[k]!, shape)),
          shape.length + axis,
        );
      }),
    mean: () =>
      tidy(() =>
        stack(
          members.map((member) => member.mean()),
          axis,
        ),
      ),
    variance: () =>
      tidy(() =>
        stack(
          members.map((member) => member.variance()),
          axis,
        ),
      ),
  };
}
