import { add, broadcastTo, less, log, mul, normal, reshape, scalar, sum, tidy } from "@gen/tensor";
import { uniform, where, type Tensor } from "@gen/tensor";
import type { States } from "./exact/index.ts";

/**
 * States that are tensors [batch, …], each row one chain: for `langevinStep`, `eulerMaruyamaStep` and the others. Every
 * result is a new tensor and the caller's to dispose of; inside a step, `tidy` disposes of what is between.
 */
export const tensorStates: States<Tensor> = {
  // Coefficients enter as tensors, so that steps share one compiled graph.
  combine: (terms) =>
    tidy(() =>
      terms
        .map(([c, value]) => mul(value, scalar(c)))
        .reduce((total, product) => add(total, product)),
    ),
  normal: (key, x) => normal(key, x.shape),
  dot: (x, y) =>
    tidy(() => {
      const products = mul(x, y);
      return sum(products, products.shape.map((_, axis) => axis).slice(1));
    }),
  accept: (key, logRatio, proposed, current) =>
    tidy(() => {
      const taken = less(log(uniform(key, logRatio.shape)), logRatio);
      const column = [...logRatio.shape, ...current.shape.slice(logRatio.rank).map(() => 1)];
      return where(broadcastTo(reshape(taken, column), current.shape), proposed, current);
    }),
};
