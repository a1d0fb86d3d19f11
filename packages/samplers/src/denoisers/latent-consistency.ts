import type { Denoiser } from "../denoiser.ts";
import { precondition } from "./precondition.ts";
import { predicting } from "./predicting.ts";

export interface LatentConsistencyOptions {
  /** Default 0.5. */
  readonly sigmaData?: number;
  /** How fast the skip falls with the network's time. Default 10. */
  readonly timeScale?: number;
  /**
   * The network's time. Default the path's own; `(t) => t - 1` for a network that counts the steps of a table from 0.
   */
  readonly time?: (t: number) => number;
}

/**
 * A latent consistency model (Luo et al. 2023, arXiv:2310.04378): the data that the network predicts, mixed with x so
 * that at time 0 the result is x itself. `consistency(times)` samples it.
 *
 * @param denoiser a distilled network, predicting any kind
 * @returns a denoiser that predicts the data
 */
export function latentConsistency<C>(
  denoiser: Denoiser<C>,
  { sigmaData = 0.5, timeScale = 10, time = (t) => t }: LatentConsistencyOptions = {},
): Denoiser<C> {
  for (const [argument, value] of Object.entries({ sigmaData, timeScale })) {
    if (!(value > 0 && value < Infinity)) {
      throw new Error(`latentConsistency: ${argument} must be a positive number, got ${value}`);
    }
  }
  const data = predicting(denoiser, "data");
  return {
    ...data,
    ...precondition<C>(
      (x, t, condition) => data.predict(x, t, condition),
      denoiser.path,
      (t) => {
        const total = Math.hypot(timeScale * time(t), sigmaData);
        return {
          skip: (sigmaData / total) ** 2,
          output: (timeScale * time(t)) / total,
          input: 1,
          noise: t,
        };
      },
    ),
  };
}
