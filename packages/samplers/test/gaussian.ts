import { predictionConversion, type Path, type Prediction } from "@gen/schedules";
import { add, mul, normalArray, tensor, tidy, type Tensor } from "@gen/tensor";
import type { Denoiser, Evaluator } from "../src/index.ts";

/** Data N(mean, std²) in every dimension: its optimal predictions are affine in x. */
export interface Gaussian {
  mean: number;
  std: number;
}

/** slope and offset with E[data | x_t] = slope·x_t + offset. */
function dataMean(
  path: Path,
  t: number,
  { mean, std }: Gaussian,
): { slope: number; offset: number } {
  const [a, b] = [path.a(t), path.b(t)];
  const slope = (a * std * std) / (a * a * std * std + b * b);
  return { slope, offset: mean - slope * a * mean };
}

function optimal(path: Path, t: number, data: Gaussian, wanted: Prediction) {
  const { slope, offset } = dataMean(path, t, data);
  if (wanted === "velocity") {
    // Also right at t = 0, where the velocity does not follow from the data.
    const [a, b, da, db] = [path.a(t), path.b(t), path.aPrime(t), path.bPrime(t)];
    const variance = a * a * data.std ** 2 + b * b;
    const s = (a * da * data.std ** 2 + b * db) / variance;
    return { slope: s, offset: da * data.mean - s * a * data.mean };
  }
  const { input, prediction } = predictionConversion(path, t, "data", wanted);
  return { slope: input + prediction * slope, offset: prediction * offset };
}

/** The optimal model on plain numbers. */
export function numberEvaluator(path: Path, data: Gaussian): Evaluator<number> {
  return {
    path,
    combine: (terms) => terms.reduce((sum, [c, value]) => sum + c * value, 0),
    predict: (x, t, wanted) => {
      const { slope, offset } = optimal(path, t, data, wanted);
      return slope * x + offset;
    },
    predictWithVariance: () => {
      throw new Error("the Gaussian model has no learned variance");
    },
    normal: (_like, key) => normalArray(key, 1)[0] as number,
    errorNorm: (error, x, y, absolute, relative) =>
      Math.abs(error) / (absolute + relative * Math.max(Math.abs(x), Math.abs(y))),
  };
}

/** The optimal model on tensors, predicting any kind. */
export function gaussianDenoiser(path: Path, data: Gaussian, prediction: Prediction): Denoiser {
  return {
    path,
    prediction,
    predict: (x, t) =>
      tidy(() => {
        const affine = Array.from(t.dataSync(), (time) => optimal(path, time, data, prediction));
        const column = (numbers: number[]): Tensor =>
          tensor(numbers, [numbers.length, ...x.shape.slice(1).map(() => 1)]);
        const slopes = column(affine.map(({ slope }) => slope));
        return add(mul(x, slopes), column(affine.map(({ offset }) => offset)));
      }),
  };
}
