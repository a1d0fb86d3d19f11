import {
  add,
  clipByValue,
  div,
  type Scalar,
  sqrt,
  square,
  stopGradient,
  sum,
  type Tensor,
  tidy,
  type Variable,
  variableGrads,
} from "@gen/tensor";

export interface AdaptiveWeightOptions {
  /** Of the layer that gives the image, on which both losses below depend. */
  readonly weight: Variable;
  /** A scalar. */
  readonly reconstruction: () => Tensor;
  /** A scalar. */
  readonly adversarial: () => Tensor;
}

/**
 * By what to multiply an adversarial loss, so that the last layer hears it as loudly as the reconstruction:
 * ‖∇ reconstruction‖ / (‖∇ adversarial‖ + 1e-4), at most 1e4 (Esser et al. 2021, arXiv:2012.09841, eq. 7, with the
 * constants of the authors' code). The gradients are those of the layer's weight; none flows through the result.
 *
 * @returns a scalar; the caller disposes of it
 */
export function adaptiveWeight({ weight, ...losses }: AdaptiveWeightOptions): Tensor {
  return tidy(() => {
    const [first, second] = [losses.reconstruction, losses.adversarial].map((loss) => {
      const { grads } = variableGrads(() => loss() as Scalar, [weight]);
      return sqrt(sum(square(grads[weight.name] as Tensor)));
    }) as [Tensor, Tensor];
    return stopGradient(clipByValue(div(first, add(second, 1e-4)), 0, 1e4));
  });
}
