import { describe, expect, test } from "vitest";
import {
  predictionConversion,
  predictionTarget,
  rectifiedFlow,
  trigonometric,
  type Prediction,
} from "./index.ts";

const predictions: Prediction[] = ["data", "noise", "velocity"];
const pairs = predictions.flatMap((from) => predictions.map((to) => [from, to] as const));

describe.each([rectifiedFlow, trigonometric])("on the path $name", (path) => {
  test.each(pairs)("%s gives %s for any data and noise", (from, to) => {
    const [x, z] = [0.7, -1.3];
    for (const t of [0.001, 0.2, 0.5, 0.9, 0.999]) {
      const value = (p: Prediction): number => {
        const target = predictionTarget(path, t, p);
        return target.data * x + target.noise * z;
      };
      const { input, prediction } = predictionConversion(path, t, from, to);
      const xt = path.a(t) * x + path.b(t) * z;
      expect(input * xt + prediction * value(from)).toBeCloseTo(value(to), 10);
    }
  });

  test("a velocity gives data and noise at both ends too", () => {
    for (const to of ["data", "noise"] as const) {
      for (const t of [0, path.end]) {
        const { input, prediction } = predictionConversion(path, t, "velocity", to);
        expect(Number.isFinite(input) && Number.isFinite(prediction)).toBe(true);
      }
    }
  });

  test("what does not follow from x_t is refused in one sentence", () => {
    expect(() => predictionConversion(path, 0, "data", "noise")).toThrow(
      `predictionConversion: at t = 0 of the path ${path.name} the data does not determine the noise`,
    );
    expect(() => predictionConversion(path, path.end, "noise", "velocity")).toThrow(
      "the noise does not determine the velocity",
    );
  });
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
