import {
  add,
  customGrad,
  fusedKernel,
  mean,
  mul,
  reshape,
  rsqrt,
  square,
  sub,
  sum,
  type Tensor,
} from "@gen/tensor";
import { differentiable } from "./differentiable.ts";

// The gradients compute from x by functions that have gradients, so there are derivatives of every order; what the
// forward pass and they ask for alike, a graph computes once.

/** (x − mean)/√(variance + ε) over the last axis. The caller disposes of the result. */
export function standardized(x: Tensor, epsilon: number): Tensor {
  return differentiable(
    (inside) => normalise(inside, epsilon)[0],
    (dy, inside) => throughStandardized(dy, inside, epsilon),
  )(x);
}

/** The same times a weight and with a bias for each feature: both [features]. */
export function affineStandardized(
  x: Tensor,
  weight: Tensor,
  bias: Tensor,
  epsilon: number,
): Tensor {
  return customGrad((...args) => {
    const [input, w, b, save] = args as unknown as [
      Tensor,
      Tensor,
      Tensor,
      (tensors: Tensor[]) => void,
    ];
    save([input, w]);
    return {
      value: normalise(input, epsilon, w, b)[0],
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [of, gain] = saved as [Tensor, Tensor];
        const total = (t: Tensor): Tensor => sum(reshape(t, [-1, gain.shape[0] as number]), 0);
        return [
          throughStandardized(mul(dy, gain), of, epsilon),
          total(mul(dy, standardized(of, epsilon))),
          total(dy),
        ];
      },
    };
  })(x, weight, bias);
}

/** What dy with respect to the standardized x is with respect to x. */
function throughStandardized(dy: Tensor, x: Tensor, epsilon: number): Tensor {
  const y = standardized(x, epsilon);
  const across = sub(dy, mul(y, mean(mul(dy, y), -1, true)));
  return mul(sub(across, mean(dy, -1, true)), inverseDeviation(x, epsilon));
}

/** 1/√(variance + ε) over the last axis: [..., 1]. */
function inverseDeviation(x: Tensor, epsilon: number): Tensor {
  return differentiable(
    (inside) => normalise(inside, epsilon)[1],
    (dy, inside) => {
      const features = inside.shape[inside.rank - 1] as number;
      const inverse = inverseDeviation(inside, epsilon);
      return mul(standardized(inside, epsilon), mul(mul(dy, square(inverse)), -1 / features));
    },
  )(x);
}

/** Standardized, times a weight, with a bias; and the inverse deviation. */
function normalise(
  x: Tensor,
  epsilon: number,
  weight?: Tensor,
  bias?: Tensor,
): [normalised: Tensor, inverse: Tensor] {
  return fusedKernel("LayerNormalization", { x, weight, bias }, { epsilon }, () => {
    const deviation = sub(x, mean(x, -1, true));
    const inverse = rsqrt(add(mean(square(deviation), -1, true), epsilon));
    const y = mul(deviation, inverse);
    const scaled = weight ? mul(y, weight) : y;
    return [bias ? add(scaled, bias) : scaled, inverse];
  }) as [Tensor, Tensor];
}
