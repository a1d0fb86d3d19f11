import type { Tensor } from "@gen/tensor";
import type { Density, Samples } from "./tractable.ts";

/**
 * A distribution on tensors: density and samples. It is a value that holds its parameters and makes no tensors until
 * asked: there is nothing to dispose of but what its methods return, which is the caller's, and parameters stay the
 * property of whoever gave them. All methods are differentiable in the parameters and in x, and can be compiled.
 */
export interface Distribution extends Density, Samples {
  readonly name: string;
  /** How many distributions it holds: the shape that its parameters broadcast to. */
  readonly batchShape: readonly number[];
  /** What one draw of one of them looks like: [] for a number. */
  readonly eventShape: readonly number[];
}

/** Mean and variance of every number of an event, [...batchShape, ...eventShape]. */
export interface Moments {
  mean(): Tensor;
  variance(): Tensor;
}

/** Entropy in closed form, [...batchShape] in nats; differential (and possibly negative) for continuous events. */
export interface Entropic {
  entropy(): Tensor;
}

/**
 * Kullback–Leibler divergence to another of the same kind in closed form: KL(this ‖ q) = E_this[log this − log q] ≥ 0,
 * [...batchShape] in nats.
 *
 * The order matters. Fitting q by the forward KL(data ‖ q) is maximum likelihood: q must cover all that the data has,
 * and pays without bound for what it leaves out. Fitting p by the reverse KL(p ‖ target), as variational inference
 * does, p pays for what it puts where the target has nothing, and may well sit on one mode of many.
 */
export interface ClosedKl<Q> {
  kl(q: Q): Tensor;
}
