import type { Path, Prediction } from "@gen/schedules";
import { normalArray } from "@gen/tensor";
import type { Evaluator } from "../src/index.ts";

/** Points in float64: `dims` numbers each, one after the other. */
export type Points = Float64Array;

/** E[data | x_t] of points, on x_t = a·x + b·z. */
export type DataMean = (x: Points, a: number, b: number) => Points;

/** An evaluator in float64 of an exact posterior mean. It is what solvers' orders and marginals are measured with. */
export function arrayEvaluator(path: Path, dataMean: DataMean): Evaluator<Points> {
  const combine: Evaluator<Points>["combine"] = (terms) => {
    const sum = new Float64Array((terms[0] as readonly [number, Points])[1].length);
    for (const [c, value] of terms) for (let i = 0; i < sum.length; i++) sum[i]! += c * value[i]!;
    return sum;
  };
  const predict = (x: Points, t: number, wanted: Prediction): Points => {
    const [a, b] = [path.a(t), path.b(t)];
    const data = dataMean(x, a, b);
    if (wanted === "data") return data;
    const noise = x.map((v, i) => (b === 0 ? 0 : (v - a * data[i]!) / b));
    if (wanted === "noise") return noise;
    return data.map((d, i) => path.aPrime(t) * d + path.bPrime(t) * noise[i]!);
  };
  return {
    path,
    combine,
    predict,
    predictWithVariance: (x, t, wanted) => ({
      prediction: predict(x, t, wanted),
      variance: x.map(() => -1),
    }),
    normal: (like, key, logStd) =>
      Float64Array.from(normalArray(key, like.length), (n, i) => n * Math.exp(logStd?.[i] ?? 0)),
    errorNorm: (error, x, y, absolute, relative) => {
      const squares = error.map(
        (e, i) => (e / (absolute + relative * Math.max(Math.abs(x[i]!), Math.abs(y[i]!)))) ** 2,
      );
      return Float64Array.of(Math.sqrt(squares.reduce((sum, s) => sum + s, 0) / squares.length));
    },
  };
}
