import { clone, keep, type Tensor, tidy, type Variable, variableGrads } from "@gen/tensor";
import { trainable } from "./optimizer.ts";

/** Scalars by name; "loss" is the one that is minimised. */
export type Losses = { loss: Tensor } & Record<string, Tensor>;

/**
 * The gradients of a loss, and whatever else was measured on the way.
 *
 * @param parameters by name; those that are not `trainable` are left out
 * @param losses computes scalars from them
 * @returns gradients by the parameters' names, and the scalars; the caller disposes of all
 */
export function differentiate(
  parameters: Record<string, Variable>,
  losses: () => Losses,
): { gradients: Record<string, Tensor>; metrics: Record<string, Tensor> } {
  return tidy(() => {
    const trained = trainable(parameters);
    const kept: Record<string, Tensor> = {};
    const { value, grads } = variableGrads(() => {
      const { loss, ...others } = losses();
      // The gradient's own tidy would dispose of these.
      for (const [name, metric] of Object.entries(others)) kept[name] = keep(clone(metric));
      return loss as Tensor & { rank: 0 } as never;
    }, Object.values(trained));
    const metrics: Record<string, Tensor> = { loss: value };
    for (const [name, metric] of Object.entries(kept)) {
      metrics[name] = clone(metric);
      metric.dispose();
    }
    const gradients: Record<string, Tensor> = {};
    for (const [name, parameter] of Object.entries(trained)) {
      const gradient = grads[parameter.name];
      if (!gradient) {
        throw new Error(
          `differentiate: the loss does not depend on ${name}; leave it out, or make it with trainable = false`,
        );
      }
      gradients[name] = gradient;
    }
    return { gradients, metrics };
  });
}
