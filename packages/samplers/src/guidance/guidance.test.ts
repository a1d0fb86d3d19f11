import { beforeAll, describe, expect, test } from "vitest";
import { edm, rectifiedFlow, trigonometric, uniformGrid, type Prediction } from "@gen/schedules";
import {
  key,
  memory,
  mul,
  normal,
  square,
  sub,
  sum,
  tensor,
  type Tensor,
  tidy,
  useBackend,
} from "@gen/tensor";
import { expectClose } from "@gen/testing";
import { affineDenoiser } from "../../test/affine-denoiser.ts";
import { gaussianDenoiser } from "../../test/gaussian.ts";
import { type Denoiser, euler, sample } from "../index.ts";
import {
  adaptiveProjected,
  autoguidance,
  classifierFree,
  classifierGuidance,
  type ConditionalDenoiser,
  type GuidanceRule,
  interval,
  optimizedScale,
  rescale,
} from "./index.ts";
import { predicting } from "../denoisers/index.ts";

/** Answers x + 10·condition: an image of 2 numbers for each condition [batch, 1]. */
const model: ConditionalDenoiser<Tensor> = {
  ...(affineDenoiser(rectifiedFlow, "data", 1, 10) as Denoiser<Tensor>),
  without: (condition) => mul(condition, 0),
};
const x = (): Tensor => tensor([1, 2, -3, 4], [2, 2]);
const t = (): Tensor => tensor([0.5, 0.25], [2]);
const labels = (): Tensor => tensor([1, 2], [2, 1]);

beforeAll(async () => {
  await useBackend();
});

describe("classifier-free guidance", () => {
  test("is v_∅ + s·(v_y - v_∅), by scale or by the lectures' w = s - 1", async () => {
    const expected = [1 + 30, 2 + 30, -3 + 60, 4 + 60];
    for (const strength of [{ scale: 3 }, { w: 2 }]) {
      const guided = classifierFree(model, strength);
      expectClose(await guided.predict(x(), t(), labels()).data(), expected, 1e-6);
    }
    const none = classifierFree(model, { scale: 0 });
    expectClose(await none.predict(x(), t(), labels()).data(), [1, 2, -3, 4], 1e-6);
  });

  test("moves away from a negative condition, and asks twice where conditions are no tensors", async () => {
    const negative = (condition: Tensor): Tensor => mul(condition, -1);
    const guided = classifierFree(model, { w: 1 }, { negative });
    // 2·(x + 10y) - (x - 10y)
    expectClose(await guided.predict(x(), t(), labels()).data(), [31, 32, 57, 64], 1e-6);
    const asked: unknown[] = [];
    const prompted: Denoiser<string> = {
      ...affineDenoiser(rectifiedFlow, "data", 1, 0),
      predict: (at, _t, prompt) => {
        asked.push([prompt, at.shape[0]]);
        return mul(at, prompt === "ugly" ? -1 : 1);
      },
    };
    const text = classifierFree(prompted, { scale: 2 }, { negative: () => "ugly" });
    expectClose(await text.predict(x(), t(), "a cat").data(), [3, 6, -9, 12], 1e-6);
    expect(asked).toEqual([
      ["a cat", 2],
      ["ugly", 2],
    ]);
  });

  test("asks once, on the doubled batch, and without guidance is the denoiser itself", () => {
    const batches: number[] = [];
    const spy: ConditionalDenoiser<Tensor> = {
      ...model,
      predict: (at, time, condition) => {
        batches.push(at.shape[0] as number);
        return model.predict(at, time, condition);
      },
    };
    classifierFree(spy, { scale: 2 }).predict(x(), t(), labels());
    expect(batches).toEqual([4]);
    expect(classifierFree(spy, { w: 0 })).toBe(spy);
  });

  test("refuses what it cannot guide, in one sentence", () => {
    const plain = affineDenoiser(rectifiedFlow, "data", 1, 1);
    expect(() => classifierFree(plain, { scale: 2 })).toThrow(
      "classifierFree: the denoiser does not say what no condition is",
    );
    expect(() => classifierFree(model, { scale: NaN })).toThrow(
      'classifierFree: the strength must be a finite number, { scale } or { w }, got {"scale":null}',
    );
    expect(() => classifierFree(model, { w: 1 }).predict(x(), t())).toThrow(
      "classifierFree: needs a condition",
    );
  });
});

test("guidance of two Gaussians' exact scores is exact in closed form, for any kind of prediction", async () => {
  // Data N(m, s²) with m = 1 and m = -1: E[x|x_t] differ by a constant k(t)·2, so guidance shifts it by w·2·k.
  const kinds: Prediction[] = ["data", "noise", "velocity"];
  for (const kind of kinds) {
    const one = gaussianDenoiser(trigonometric, { mean: 1, std: 0.5 }, kind);
    const other = gaussianDenoiser(trigonometric, { mean: -1, std: 0.5 }, kind);
    const guided = predicting(autoguidance(one, other, { w: 0.75 }), "data");
    const [a, b] = [trigonometric.a(0.5), trigonometric.b(0.5)];
    const share = (b * b) / (a * a * 0.25 + b * b);
    const plain = predicting(one, "data").predict(x(), tensor([0.5, 0.5]));
    const expected = (await plain.data()).map((value) => value + 0.75 * 2 * share);
    expectClose(await guided.predict(x(), tensor([0.5, 0.5])).data(), expected, 1e-5);
  }
});

describe("classifier guidance", () => {
  // p(x) = N(0.4, 0.8²) and p(y|x) = N(y; x, 0.6²): p(x|y) is a Gaussian, and so is p(y|x_t).
  const prior = { mean: 0.4, std: 0.8 };
  const y = 1.3;
  const posterior = {
    mean: (0.4 / 0.64 + y / 0.36) / (1 / 0.64 + 1 / 0.36),
    std: Math.sqrt(1 / (1 / 0.64 + 1 / 0.36)),
  };

  test.each([rectifiedFlow, trigonometric, edm()])(
    "with scale 1 is Bayes' rule, with 2 twice the classifier's pull, on the path $name",
    async (path) => {
      const time = 0.6 * Math.min(path.end, 2);
      const [a, b] = [path.a(time), path.b(time)];
      const total = a * a * 0.64 + b * b;
      // x | x_t is Gaussian with mean m + g·(x_t - a·m), so y | x_t has that mean and this variance.
      const gain = (a * 0.64) / total;
      const variance = (0.64 * b * b) / total + 0.36;
      const logLikelihood = (at: Tensor): Tensor => {
        const mean = (0.4 - gain * a * 0.4) as number;
        return sum(mul(square(sub(y - mean, mul(at, gain))), -0.5 / variance), 1);
      };
      const at = x();
      const times = tensor([time, time]);
      for (const kind of ["data", "noise", "velocity"] as const) {
        const base = gaussianDenoiser(path, prior, kind);
        const exact = await gaussianDenoiser(path, posterior, kind).predict(at, times).data();
        const guide = (classifierScale: number): Denoiser =>
          classifierGuidance(base, logLikelihood, { classifierScale });
        expectClose(await guide(1).predict(at, times).data(), exact, 1e-5);
        const plain = await base.predict(at, times).data();
        expectClose(await guide(0).predict(at, times).data(), plain, 1e-6);
        const twice = exact.map((value, i) => 2 * value - (plain[i] as number));
        expectClose(await guide(2).predict(at, times).data(), twice, 1e-5);
      }
    },
  );

  test("refuses a scale that is not finite, and times where x_t holds no data", () => {
    const base = gaussianDenoiser(rectifiedFlow, prior, "velocity");
    const pull = (at: Tensor): Tensor => sum(at, 1);
    expect(() => classifierGuidance(base, pull, { classifierScale: Infinity })).toThrow(
      "classifierGuidance: classifierScale must be a finite number, got Infinity",
    );
    const guided = classifierGuidance(base, pull, { classifierScale: 1 });
    expect(() => guided.predict(x(), tensor([1, 1]))).toThrow(
      "classifierGuidance: at t = 1 of the path rectifiedFlow x_t holds no data",
    );
  });
});

describe("an interval", () => {
  const asked: string[] = [];
  const named = (name: string, slope: number): Denoiser => ({
    path: rectifiedFlow,
    prediction: "data",
    predict: (at) => {
      asked.push(name);
      return mul(at, slope);
    },
  });
  const split = interval(named("inside", 10), named("outside", -1), { above: 0.2, upTo: 0.7 });

  test("asks only the denoiser whose time it is, and both where a batch has times of both", async () => {
    const answer = async (times: number[]): Promise<number[]> => {
      asked.length = 0;
      return Array.from(await split.predict(x(), tensor(times)).data());
    };
    expect(await answer([0.7, 0.3])).toEqual([10, 20, -30, 40]);
    expect(asked).toEqual(["inside"]);
    expect(await answer([0.2, 0.71])).toEqual([-1, -2, 3, -4]);
    expect(asked).toEqual(["outside"]);
    expect(await answer([0.1, 0.5])).toEqual([-1, -2, -30, 40]);
    expect(asked).toEqual(["inside", "outside"]);
  });

  test("refuses an empty one and denoisers of different paths", () => {
    const one = named("one", 1);
    expect(() => interval(one, one, { above: 0.5, upTo: 0.5 })).toThrow(
      "interval: above must be in [0, upTo), got above = 0.5, upTo = 0.5",
    );
    expect(() => interval(one, { ...one, path: trigonometric }, {})).toThrow(
      "interval: both denoisers must stand on one path, got rectifiedFlow to 1 and trigonometric to 1",
    );
  });
});

describe("rules", () => {
  const positive = [1, -2, 3, 0.5];
  const negative = [0.5, 1, 2, -1];
  const joined = async (rule: GuidanceRule): Promise<number[]> => {
    const result = tidy(() =>
      rule.join(tensor([positive, positive], [2, 4]), tensor([negative, negative], [2, 4])),
    );
    const values = Array.from(await result.data());
    expect(values.slice(4)).toEqual(values.slice(0, 4)); // each sample by itself
    return values.slice(0, 4);
  };
  const dot = (u: number[], v: number[]): number => u.reduce((s, value, i) => s + value * v[i]!, 0);
  const std = (u: number[]): number => {
    const mean = dot(u, [1, 1, 1, 1]) / 4;
    return Math.sqrt(dot(u, u) / 4 - mean ** 2);
  };
  const linear = positive.map((p, i) => 4 * p - 3 * negative[i]!);

  test("rescale gives back the spread of the positive prediction, as far as its share says", async () => {
    const whole = await joined(rescale({ w: 3 }, 1));
    expect(std(whole)).toBeCloseTo(std(positive), 5);
    expectClose(
      whole,
      linear.map((v) => (v * std(positive)) / std(linear)),
      1e-5,
    );
    const some = linear.map((v) => v * ((0.7 * std(positive)) / std(linear) + 0.3));
    expectClose(await joined(rescale({ scale: 4 })), some, 1e-5);
    expectClose(await joined(rescale({ scale: 4 }, 0)), linear, 1e-6);
    expect(() => rescale({ w: 1 }, 1.5)).toThrow("rescale: share must be in [0, 1], got 1.5");
  });

  test("adaptive projected guidance moves at right angles to the positive prediction, and no further than its norm", async () => {
    const moved = (await joined(adaptiveProjected({ w: 3 }))).map((v, i) => v - positive[i]!);
    expect(dot(moved, positive)).toBeCloseTo(0, 5);
    const difference = positive.map((p, i) => p - negative[i]!);
    const along = dot(difference, positive) / dot(positive, positive);
    expectClose(
      moved,
      difference.map((d, i) => 3 * (d - along * positive[i]!)),
      1e-5,
    );
    expectClose(await joined(adaptiveProjected({ scale: 4 }, { parallel: 1 })), linear, 1e-5);
    const short = await joined(adaptiveProjected({ w: 3 }, { parallel: 1, norm: 0.5 }));
    const length = Math.sqrt(dot(difference, difference));
    expectClose(
      short,
      positive.map((p, i) => p + (3 * 0.5 * difference[i]!) / length),
      1e-5,
    );
    expect(adaptiveProjected({ w: 1 }).prediction).toBe("data");
    expect(() => adaptiveProjected({ w: 1 }, { norm: 0 })).toThrow(
      "adaptiveProjected: norm must be above 0, got 0",
    );
    expect(() => adaptiveProjected({ w: 1 }, { parallel: NaN })).toThrow(
      "parallel must be a finite",
    );
  });

  test("the optimized scale fits the negative prediction to the positive one before any rule", async () => {
    const fit = dot(positive, negative) / dot(negative, negative);
    const expected = positive.map((p, i) => 4 * p - 3 * fit * negative[i]!);
    expectClose(await joined(optimizedScale({ w: 3 })), expected, 1e-5);
    // A negative prediction that is only a multiple says nothing.
    const rule = optimizedScale({ scale: 9 });
    const same = tidy(() => rule.join(tensor([positive]), tensor([positive.map((p) => 7 * p)])));
    expectClose(await same.data(), positive, 1e-5);
  });

  test("a rule on the data is used on the data whatever the model predicts", async () => {
    const rule = adaptiveProjected({ scale: 3 }, { norm: 0.4 });
    const times = tensor([0.3, 0.3]);
    const expected = await autoguidance(
      gaussianDenoiser(rectifiedFlow, { mean: 1, std: 0.5 }, "data"),
      gaussianDenoiser(rectifiedFlow, { mean: -1, std: 1 }, "data"),
      rule,
    )
      .predict(x(), times)
      .data();
    for (const [one, other] of [
      ["velocity", "noise"],
      ["noise", "data"],
    ] as const) {
      const guided = autoguidance(
        gaussianDenoiser(rectifiedFlow, { mean: 1, std: 0.5 }, one),
        gaussianDenoiser(rectifiedFlow, { mean: -1, std: 1 }, other),
        rule,
      );
      expect(guided.prediction).toBe("data");
      expectClose(await guided.predict(x(), times).data(), expected, 1e-4);
    }
  });
});

test("guidance of all kinds leaves nothing behind but the samples", async () => {
  const base = gaussianDenoiser(rectifiedFlow, { mean: 1, std: 0.5 }, "velocity");
  const weak = gaussianDenoiser(rectifiedFlow, { mean: 0, std: 1 }, "noise");
  const noise = normal(key(0), [2, 3]);
  const condition = tensor([1, 2], [2, 1]);
  const all: Denoiser<Tensor>[] = [
    classifierFree(model, rescale(optimizedScale({ scale: 2 }))),
    autoguidance(base, weak, adaptiveProjected({ w: 1 }, { norm: 1 })),
    interval(autoguidance(base, weak, { w: 1 }), base, { above: 0.3, upTo: 0.6 }),
    classifierGuidance(base, (at) => sum(at, 1), { classifierScale: 0.1 }),
  ];
  for (const denoiser of all) {
    const { numTensors } = memory();
    const sampler = euler(uniformGrid(4, 0.9));
    const samples = await sample({ denoiser, sampler, noise, condition });
    expect(memory().numTensors).toBe(numTensors + 1);
    samples.dispose();
  }
});
