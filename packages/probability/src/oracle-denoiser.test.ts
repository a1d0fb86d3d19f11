import { key, memory, tensor, tidy, useBackend } from "@gen/tensor";
import { cosine, edm, rectifiedFlow, variancePreserving, type Prediction } from "@gen/schedules";
import { expectClose } from "@gen/testing";
import { beforeAll, describe, expect, it, test } from "vitest";
import { divergence } from "./divergence.ts";
import {
  exactOracle,
  finiteDataSet,
  gaussianDensity,
  mixtureDensity,
  numericalDivergence,
} from "./exact/index.ts";
import { oracleDenoiser } from "./oracle-denoiser.ts";

beforeAll(async () => {
  await useBackend();
});

const tilted = gaussianDensity(
  [0.5, -0.2],
  [
    [0.4, 0.25],
    [0.25, 0.3],
  ],
);
const sources = [
  ["a Gaussian", tilted],
  ["a mixture", mixtureDensity([tilted, gaussianDensity([-2, 1], [0.1, 0.6])], [0.3, 0.7])],
  [
    "a mixture of round modes",
    mixtureDensity([gaussianDensity([2, 0], 0.1), gaussianDensity([-2, 1], 0.2)]),
  ],
  ["a finite data set", finiteDataSet([0, 0, 1, 2, -4, 1], 2)],
] as const;
const paths = [rectifiedFlow, variancePreserving(), cosine(), edm({ sigmaMax: 10 })];

describe.each(sources)("the optimal model of %s on tensors", (_, source) => {
  describe.each(paths.map((path) => [path.name, path] as const))("on %s", (_name, path) => {
    test.each(["data", "noise", "velocity"] as const)(
      "predicts the %s that the exact one does, at a time for each row",
      async (prediction) => {
        const times = [0.02, 0.1, 0.3, 0.5, 0.8, 0.99].map((t) => t * path.end);
        const clean = source.sample(key(1), times.length);
        const noise = gaussianDensity([0, 0], 1).sample(key(2), times.length);
        const at = (i: number): number => times[i >> 1] as number;
        const points = clean.map((x, i) =>
          Math.fround(path.a(at(i)) * x + path.b(at(i)) * noise[i]!),
        );
        const model = oracleDenoiser(source, path, prediction);
        const oracle = exactOracle(source, path);
        const predicted = await model.predict(tensor([...points], [6, 2]), tensor(times)).data();
        const expected = times.flatMap((t, row) => [
          ...oracle.predict(points.slice(2 * row, 2 * row + 2), t, prediction),
        ]);
        expectClose(predicted, expected, 2e-5);
      },
    );
  });

  it("at the ends of rectified flow it predicts x - E[data] and E[z] - x", async () => {
    const model = oracleDenoiser(source, rectifiedFlow);
    const x = source.sample(key(3), 1);
    const mean = source.denoise([0, 0], 0, 1).data;
    const rows = tensor([...x, ...x], [2, 2]);
    const velocities = await model.predict(rows, tensor([1, 0])).data();
    expectClose(velocities, [x[0]! - mean[0]!, x[1]! - mean[1]!, -x[0]!, -x[1]!], 1e-5);
  });

  it("has the divergence that differences of the exact velocity find", async () => {
    const path = variancePreserving();
    const model = oracleDenoiser(source, path);
    const points = [0.3, -0.4, -1.5, 0.8];
    const times = tensor([0.4, 0.4]);
    const { divergence: trace } = divergence(
      (x) => model.predict(x, times),
      tensor(points, [2, 2]),
    );
    const exact = numericalDivergence(
      (x) => exactOracle(source, path).predict(x, Math.fround(0.4), "velocity"),
      points,
      2,
    );
    expectClose(await trace.data(), exact, 1e-4);
  });
});

it("takes rows of any shape, and leaves one tensor", async () => {
  const source = gaussianDensity([1, 2, 3, 4], 0.5);
  const model = oracleDenoiser(source, rectifiedFlow);
  const [x, t] = [tensor([0.5, 1, 1.5, 2], [1, 2, 2, 1]), tensor([0.25])];
  const before = memory().numTensors;
  const predicted = model.predict(x, t);
  expect(memory().numTensors).toBe(before + 1);
  expect(predicted.shape).toEqual([1, 2, 2, 1]);
  const exact = exactOracle(source, rectifiedFlow).predict([0.5, 1, 1.5, 2], 0.25, "velocity");
  expectClose(await predicted.data(), exact, 1e-5);
});

it("refuses rows of another length with one sentence", () => {
  const model = oracleDenoiser(tilted, rectifiedFlow, "data" satisfies Prediction);
  expect(() => tidy(() => model.predict(tensor([[1, 2, 3]]), tensor([0.5])))).toThrow(
    "oracleDenoiser: x must be [batch, …] with 2 numbers in a row, and t [batch], got [1, 3] and [1]",
  );
});
