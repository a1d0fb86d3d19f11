import type { Key, Tensor } from "@gen/tensor";

/**
 * What a probability model can do, as types: a function asks for what it needs, and a model says what it has by having
 * the method. These are the types of tensors; the exact side in float64 has `ExactDensity` and its relatives.
 *
 * Shapes, everywhere: a distribution has a `batchShape` (how many different ones it holds) and an
 * `eventShape` (what one draw looks like). `sample(key, shape)` gives [...shape, ...batchShape, ...eventShape],
 * `logProb` takes that, or whatever broadcasts with it, and gives [...shape, ...batchShape]: one number per event.
 */
export interface Density {
  /** log p(x) in nats. */
  logProb(x: Tensor): Tensor;
}

/** A model whose density is out of reach, but not a bound from below on its logarithm: VAEs, hierarchies of latents. */
export interface Bound {
  /** At most log p(x) in expectation over keys, in nats. */
  logProbBound(x: Tensor, key: Key): Tensor;
}

/** A model that samples can be drawn from: GANs, simulators, data sets. Implicit, where it has no density. */
export interface Samples {
  /** Independent draws in the shape [...shape, ...batchShape, ...eventShape]; equal keys give equal draws. */
  sample(key: Key, shape?: readonly number[]): Tensor;
}

/** Samples that are a differentiable function of the parameters (the reparameterisation trick). */
export interface Pathwise extends Samples {
  readonly pathwise: true;
}

/** What a model says about itself. */
export type Tractability = "density" | "bound" | "samples";

/** All that is tractable of a model, best first: `["density", "samples"]` for a Gaussian, `["samples"]` for a GAN. */
export function tractable(model: object): Tractability[] {
  const has = (method: string): boolean =>
    typeof (model as Record<string, unknown>)[method] === "function";
  const found: Tractability[] = [];
  if (has("logProb")) found.push("density");
  if (has("logProbBound")) found.push("bound");
  if (has("sample")) found.push("samples");
  return found;
}
