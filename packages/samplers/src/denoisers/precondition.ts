import type { Path } from "@gen/schedules";
import { add, mul, reshape, type Tensor, tidy } from "@gen/tensor";
import type { Denoiser } from "../denoiser.ts";
import { atTimes } from "./at-times.ts";

/** What stands around a network at a time: data = skip·x_t + out·network(input·x_t, noise). */
export interface Scalings {
  readonly skip: number;
  readonly out: number;
  readonly input: number;
  /** What the network is told of the time. */
  readonly noise: number;
}

/**
 * A denoiser made of a raw network and scalings around it (Karras et al. 2022, arXiv:2206.00364, eq. 7): the data are
 * skip·x_t + out·network(input·x_t, noise).
 *
 * @param network gets scaled x [batch, …] and, as its time, `noise` of each sample, [batch]
 * @param path the path that x_t lies on; `edmScalings` are those of `edm()`
 * @returns a denoiser that predicts the data
 */
export function precondition<C>(
  network: (x: Tensor, noise: Tensor, condition?: C) => Tensor,
  path: Path,
  scalings: (t: number) => Scalings,
): Denoiser<C> {
  return {
    path,
    prediction: "data",
    predict: (x, t, condition) =>
      tidy(() => {
        const [skip, out, input, noise] = (["skip", "out", "input", "noise"] as const).map((part) =>
          atTimes(path, x, t, (time) => scalings(time)[part]),
        ) as [Tensor, Tensor, Tensor, Tensor];
        const raw = network(mul(x, input), reshape(noise, [noise.size]), condition);
        return add(mul(x, skip), mul(raw, out)) as Tensor;
      }),
  };
}

/**
 * EDM's scalings at noise level σ, on the path `edm()` (Karras et al. 2022, arXiv:2206.00364, table 1): inputs and
 * targets of the network have unit variance, c_noise = ln(σ)/4. The loss weight that goes with them is 1/out².
 *
 * @param sigmaData the standard deviation of the data. Default 0.5.
 */
export function edmScalings({ sigmaData = 0.5 }: { readonly sigmaData?: number } = {}): (
  sigma: number,
) => Scalings {
  checkSigmaData("edmScalings", sigmaData);
  return (sigma) => {
    const total = Math.hypot(sigma, sigmaData);
    return {
      skip: (sigmaData / total) ** 2,
      out: (sigma * sigmaData) / total,
      input: 1 / total,
      noise: Math.log(Math.max(sigma, 1e-44)) / 4,
    };
  };
}

/**
 * The scalings of consistency models at noise level σ, on the path `edm()` (Song et al. 2023, arXiv:2303.01469,
 * appendix C): at σ_min the result is x itself, whatever the network says. The network is told 250·ln σ, as in the
 * paper's own models.
 *
 * @param options the standard deviation of the data, default 0.5, and the lowest noise level, default 0.002
 */
export function consistencyScalings({
  sigmaData = 0.5,
  sigmaMin = 0.002,
}: { readonly sigmaData?: number; readonly sigmaMin?: number } = {}): (sigma: number) => Scalings {
  checkSigmaData("consistencyScalings", sigmaData);
  if (!(sigmaMin >= 0)) {
    throw new Error(`consistencyScalings: sigmaMin must not be below 0, got ${sigmaMin}`);
  }
  return (sigma) => {
    const total = Math.hypot(sigma, sigmaData);
    return {
      skip: sigmaData ** 2 / ((sigma - sigmaMin) ** 2 + sigmaData ** 2),
      out: ((sigma - sigmaMin) * sigmaData) / total,
      input: 1 / total,
      noise: 250 * Math.log(Math.max(sigma, 1e-44)),
    };
  };
}

function checkSigmaData(name: string, sigmaData: number): void {
  if (!(sigmaData > 0 && sigmaData < Infinity)) {
    throw new Error(`${name}: sigmaData must be a positive number, got ${sigmaData}`);
  }
}
