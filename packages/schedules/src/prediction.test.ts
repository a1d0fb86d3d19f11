import { describe, expect, test } from "vitest";
import { allPaths } from "../test/all-paths.ts";
import {
  consistencyPreconditioning,
  edm,
  edmPreconditioning,
  edmPrediction,
  flowPrediction,
  predictionConversion,
  predictionTarget,
  rectifiedFlow,
  trigFlowPrediction,
  trigonometric,
  variancePreserving,
  type LinearPrediction,
  type Prediction,
} from "./index.ts";

const predictions: (Prediction | LinearPrediction)[] = [
  "data",
  "noise",
  "velocity",
  "v",
  "score",
  flowPrediction,
  edmPrediction(),
  trigFlowPrediction({ sigmaData: 0.8 }),
];
const pairs = predictions.flatMap((from) => predictions.map((to) => ({ from, to })));
const name = (p: Prediction | LinearPrediction): string => (typeof p === "string" ? p : p.name);

describe.each(allPaths)("on the path $name", (path) => {
  test.each(pairs.map((pair) => ({ ...pair, names: `${name(pair.from)} → ${name(pair.to)}` })))(
    "$names, for any data and noise",
    ({ from, to }) => {
      const [x, z] = [0.7, -1.3];
      for (const share of [0.001, 0.2, 0.5, 0.9, 0.999]) {
        const t = share * path.end;
        const value = (p: Prediction | LinearPrediction): number => {
          const target = predictionTarget(path, t, p);
          return target.data * x + target.noise * z;
        };
        const { input, prediction } = predictionConversion(path, t, from, to);
        const xt = path.a(t) * x + path.b(t) * z;
        const got = input * xt + prediction * value(from);
        // Near an end one prediction says little of another: what is left are the digits that do not cancel.
        const size = Math.abs(input * xt) + Math.abs(prediction * value(from)) + 1;
        expect(Math.abs(got - value(to)) / size).toBeLessThan(1e-10);
      }
    },
  );

  test("v, EDM's F and TrigFlow's F give data and noise at both ends", () => {
    for (const from of ["v", edmPrediction(), trigFlowPrediction()] as const) {
      for (const [t, known] of [
        [0, "data"],
        [path.end, "noise"],
      ] as const) {
        const x = predictionConversion(path, t, from, "data");
        const z = predictionConversion(path, t, from, "noise");
        expect([x, z].every((c) => Number.isFinite(c.input + c.prediction))).toBe(true);
        if (known === "data") expect(x).toEqual({ input: 1, prediction: expect.closeTo(0, 15) });
      }
    }
  });

  test("a score gives data and noise at t = 0, where no other noise-like prediction does", () => {
    expect(predictionConversion(path, 0, "score", "data").input).toBe(1);
    expect(predictionConversion(path, 0, "score", "noise").prediction).toBeCloseTo(0, 15);
  });

  test("what does not follow from x_t is refused in one sentence", () => {
    expect(() => predictionConversion(path, 0, "data", "noise")).toThrow(
      `predictionConversion: at t = 0 of the path ${path.name} the data does not determine the noise`,
    );
    expect(() => predictionConversion(path, 0, "data", "score")).toThrow(
      "the data does not determine the score",
    );
    for (const t of [-1e-9, NaN]) {
      expect(() => predictionConversion(path, t, "v", "data")).toThrow(
        `t must be a time of the path ${path.name}, not below 0, got ${t}`,
      );
    }
  });
});

test("a velocity gives data and noise at both ends of the straight and of the circular path", () => {
  for (const path of [rectifiedFlow, trigonometric]) {
    for (const to of ["data", "noise"] as const) {
      for (const t of [0, path.end]) {
        const { input, prediction } = predictionConversion(path, t, "velocity", to);
        expect(Number.isFinite(input) && Number.isFinite(prediction)).toBe(true);
      }
    }
    expect(() => predictionConversion(path, path.end, "noise", "velocity")).toThrow(
      "the noise does not determine the velocity",
    );
  }
});

test("the rectified-flow velocity is z - x, so x = x_t - t·v and z = x_t + (1 - t)·v", () => {
  expect(predictionTarget(rectifiedFlow, 0.3, "velocity")).toEqual({ data: -1, noise: 1 });
  expect(predictionConversion(rectifiedFlow, 0.25, "velocity", "data")).toEqual({
    input: 1,
    prediction: -0.25,
  });
  expect(predictionConversion(rectifiedFlow, 0.25, "velocity", "noise")).toEqual({
    input: 1,
    prediction: 0.75,
  });
});

test("v is a·z - b·x, with x = a·x_t - b·v and z = b·x_t + a·v, where variance is preserved", () => {
  const path = variancePreserving();
  const [a, b] = [path.a(0.3), path.b(0.3)];
  const close = (n: number): unknown => expect.closeTo(n, 14);
  expect(predictionTarget(path, 0.3, "v")).toEqual({ data: close(-b), noise: close(a) });
  expect(predictionConversion(path, 0.3, "v", "data")).toEqual({
    input: close(a),
    prediction: close(-b),
  });
  expect(predictionConversion(path, 0.3, "v", "noise")).toEqual({
    input: close(b),
    prediction: close(a),
  });
});

test("EDM's preconditioning is the conversion of its F to data, and has the golden values", () => {
  const golden = edmPreconditioning(0.5);
  expect(golden.skip).toBeCloseTo(0.5, 14);
  expect(golden.output).toBeCloseTo(0.35355339059, 11);
  expect(golden.input).toBeCloseTo(Math.SQRT2, 11);
  expect(golden.noise).toBeCloseTo(-0.17328679514, 11);
  for (const sigma of [0.002, 0.5, 3, 80]) {
    const { input, prediction } = predictionConversion(edm(), sigma, edmPrediction(), "data");
    const { skip, output } = edmPreconditioning(sigma);
    expect(input).toBeCloseTo(skip, 14);
    expect(prediction).toBeCloseTo(output, 14);
  }
});

test("a consistency model gives x back at σ_min, and has the golden values at 1", () => {
  expect(consistencyPreconditioning(0.002)).toMatchObject({ skip: 1, output: 0 });
  expect(consistencyPreconditioning(1).skip).toBeCloseTo(0.2006414104609616, 15);
  expect(consistencyPreconditioning(1).output).toBeCloseTo(0.446319168308958, 15);
  expect(() => consistencyPreconditioning(0.001)).toThrow(
    "consistencyPreconditioning: sigma must be a finite number not below 0.002, got 0.001",
  );
});

test("TrigFlow's F is the velocity over σ_data of cos(t)·x + sin(t)·σ_data·z", () => {
  const sigmaData = 0.5;
  const angle = 0.7;
  const sigma = sigmaData * Math.tan(angle);
  const target = predictionTarget(edm(), sigma, trigFlowPrediction({ sigmaData }));
  expect(target.data).toBeCloseTo(-Math.sin(angle) / sigmaData, 14);
  expect(target.noise).toBeCloseTo(Math.cos(angle), 14);
});

test("a prediction that there is not is refused with those there are", () => {
  expect(() => predictionConversion(rectifiedFlow, 0.5, "epsilon" as never, "data")).toThrow(
    "prediction: there are data, noise, velocity, v, score, got epsilon",
  );
});
