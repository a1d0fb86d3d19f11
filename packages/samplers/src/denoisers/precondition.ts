import type { Path, Preconditioning } from "@gen/schedules";
import { add, mul, reshape, type Tensor, tidy } from "@gen/tensor";
import type { Denoiser } from "../denoiser.ts";
import { atTimes } from "./at-times.ts";

/**
 * A denoiser made of a raw network and what stands around it (Karras et al. 2022, arXiv:2206.00364, eq. 7): the data
 * are skip·x_t + output·network(input·x_t, noise).
 *
 * @param network gets scaled x [batch, …] and, as its time, `noise` of each sample, [batch]
 * @param path the path that x_t lies on; on `edm()` it is `edmPreconditioning`, and `consistencyPreconditioning` for
 *   a consistency model, of `@gen/schedules`
 * @returns a denoiser that predicts the data
 */
export function precondition<C>(
  network: (x: Tensor, noise: Tensor, condition?: C) => Tensor,
  path: Path,
  around: (t: number) => Preconditioning,
): Denoiser<C> {
  return {
    path,
    prediction: "data",
    predict: (x, t, condition) =>
      tidy(() => {
        const [skip, output, input, noise] = (["skip", "output", "input", "noise"] as const).map(
          (part) => atTimes(path, x, t, (time) => around(time)[part]),
        ) as [Tensor, Tensor, Tensor, Tensor];
        const raw = network(mul(x, input), reshape(noise, [noise.size]), condition);
        return add(mul(x, skip), mul(raw, output)) as Tensor;
      }),
  };
}
