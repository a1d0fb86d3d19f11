import { beforeAll, describe, expect, test } from "vitest";
import { rectifiedFlow, trigonometric, uniformGrid } from "@gen/schedules";
import {
  add,
  concat,
  key,
  memory,
  mul,
  norm,
  normal,
  slice,
  sub,
  tensor,
  type Tensor,
  tidy,
  useBackend,
} from "@gen/tensor";
import { expectClose } from "@gen/testing";
import { arrayEvaluator, type Points } from "../../test/array-evaluator.ts";
import { gaussianDenoiser } from "../../test/gaussian.ts";
import { TorchGenerator } from "../../test/torch-generator.ts";
import {
  ddpm,
  type Denoiser,
  euler,
  heun,
  sample,
  type Sampler,
  type SamplerState,
} from "../index.ts";
import {
  ddimInversion,
  inpaint,
  interpolate,
  lerp,
  repaintTimes,
  restartTimes,
  sdedit,
  slerp,
  withJumps,
} from "./index.ts";

const data = { mean: 0.5, std: 0.3 };
const mean = (x: ArrayLike<number>): number => Array.from(x).reduce((s, v) => s + v, 0) / x.length;
const std = (x: ArrayLike<number>): number => {
  const m = mean(x);
  return Math.sqrt(mean(Array.from(x, (v) => (v - m) ** 2)));
};
const gaussian = (path = rectifiedFlow) =>
  arrayEvaluator(path, (x, a, b) => {
    const gain = (a * 0.09) / (a * a * 0.09 + b * b);
    return x.map((v) => 0.5 + gain * (v - a * 0.5));
  });

function run(sampler: Sampler, x: Points, path = rectifiedFlow): Points {
  let state: SamplerState<Points> = { index: 0, x, key: key(3) };
  while (state.index < sampler.times.length - 1) state = sampler.step(state, gaussian(path));
  return state.x;
}

beforeAll(async () => {
  await useBackend();
});

describe("jumps", () => {
  const z = new TorchGenerator(2).randn(4000);

  test("without one it is the sampler itself", () => {
    const times = uniformGrid(7);
    expect(run(withJumps(heun, times), z)).toEqual(run(heun(times), z));
  });

  test.each([rectifiedFlow, trigonometric])(
    "restarts keep the distribution of the data on the path $name",
    (path) => {
      const way = [0.6, 0.5, 0.4, 0.3, 0.2];
      const times = restartTimes(uniformGrid(40), [{ times: way, repeats: 3 }]);
      expect(times.filter((t) => t === 0.6).length).toBe(1 + 3);
      expect(times.filter((t) => t === 0.2).length).toBe(1 + 3);
      const samples = run(withJumps(heun, times), z, path);
      expect(mean(samples)).toBeCloseTo(data.mean, 1.7);
      expect(std(samples)).toBeCloseTo(data.std, 1.7);
    },
  );

  test("restarts contract an error made above: a start of another spread is forgotten", () => {
    const wrong = z.map((v) => 3 * v + 1);
    const grid = [1, 0.8, 0.6, 0.4, 0.2, 0.1, 0];
    const once = run(heun(grid), wrong);
    const way = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1];
    const times = restartTimes(grid, [{ times: way, repeats: 3 }]);
    const restarted = run(withJumps(heun, times), wrong);
    expect(Math.abs(std(once) - data.std)).toBeGreaterThan(0.5);
    expect(Math.abs(std(restarted) - data.std)).toBeLessThan(0.03);
  });

  test("each fall draws its own noise", () => {
    const seen: number[][] = [];
    const stochastic = (times: readonly number[]): Sampler => {
      const inner = heun(times);
      return {
        ...inner,
        step: (state, evaluator) => {
          seen.push((state.key as { toJSON(): number[] }).toJSON());
          return inner.step(state, evaluator);
        },
      };
    };
    run(withJumps(stochastic, [1, 0.5, 1, 0.5, 0]), Float64Array.of(1));
    expect(seen[1]).not.toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[1]);
  });

  test("RePaint's plan is the paper's: 250 steps, 2,410 evaluations, 4,570 moves by one step", () => {
    expect(repaintTimes(uniformGrid(5), { jump: 2, resamples: 2 })).toEqual(
      [5, 4, 3, 5, 4, 3, 2, 1, 3, 2, 1, 0].map((i) => i / 5),
    );
    const steps = uniformGrid(250).map((_, i) => 250 - i);
    const plan = repaintTimes(steps);
    const moves = plan.slice(1).map((t, i) => t - (plan[i] as number));
    expect(moves.filter((move) => move < 0).length).toBe(2410);
    expect(moves.reduce((sum, move) => sum + Math.abs(move), 0)).toBe(4570);
  });

  test("plans that cannot be are refused in one sentence", () => {
    expect(() => withJumps(heun, [0.5, 1, 0])).toThrow("times must hold at least 2 numbers");
    expect(() => withJumps(heun, [1, 0.5, 0.5, 0])).toThrow("got 0.5 after 0.5");
    const keyless = { index: 1, x: Float64Array.of(1) };
    expect(() => withJumps(heun, [1, 0.5, 1, 0]).step(keyless, gaussian())).toThrow(
      "withJumps(heun): it draws noise; give it a key",
    );
    const done = { index: 3, x: Float64Array.of(1), key: key(0) };
    expect(() => withJumps(heun, [1, 0.5, 1, 0]).step(done, gaussian())).toThrow(
      "withJumps(heun): step 3 does not exist, the plan has 3",
    );
    const adaptive = { ...heun([1, 0]), judge: <X>(state: SamplerState<X>) => state };
    expect(() => withJumps(() => adaptive, [1, 0])).toThrow("the sampler must have fixed steps");
    expect(() => restartTimes([1, 0.5, 0], [{ times: [0.9, 0.4], repeats: 1 }])).toThrow(
      "restartTimes: an interval must end at one of the times, got 0.4",
    );
    expect(() => restartTimes([1, 0], [{ times: [0, 1], repeats: 1 }])).toThrow(
      "and fall, got [0, 1]",
    );
    expect(() => restartTimes([1, 0], [{ times: [1, 0], repeats: -1 }])).toThrow("got -1");
    expect(() => repaintTimes([1, 0], { jump: 0 })).toThrow(
      "jump must be a positive integer, got 0",
    );
  });
});

describe("inpainting", () => {
  // Two numbers that are all but equal: N(0, [[1, ρ], [ρ, 1]]). E[x|x_t] by its two axes, sum and difference.
  const rho = 0.9;
  const pair: Denoiser = {
    path: rectifiedFlow,
    prediction: "data",
    predict: (x, t) =>
      tidy(() => {
        const time = t.dataSync()[0] as number;
        const [a, b] = [1 - time, time];
        const gain = (variance: number): number => (a * variance) / (a * a * variance + b * b);
        const [one, other] = [slice(x, [0, 0], [-1, 1]), slice(x, [0, 1], [-1, 1])];
        const along = mul(add(one, other), gain(1 + rho) / 2);
        const across = mul(sub(one, other), gain(1 - rho) / 2);
        return concat([add(along, across), sub(along, across)], 1);
      }),
  };
  const known = (count: number): { data: Tensor; mask: Tensor } => ({
    data: tensor(Array.from({ length: count }, () => [1.5, -99])),
    mask: tensor([[1, 0]]),
  });

  test("keeps what is known to the digit, and makes the rest fit it, with RePaint better than with replacement alone", async () => {
    const count = 2000;
    const start = normal(key(1), [count, 2]);
    const made = async (times: number[]): Promise<Float32Array> => {
      const sampler = inpaint(withJumps(heun, times), known(count));
      const x = await sample({ denoiser: pair, sampler, noise: start, key: key(2) });
      const values = (await x.data()) as Float32Array;
      expect(values.filter((_, i) => i % 2 === 0).every((v) => v === 1.5)).toBe(true);
      return values.filter((_, i) => i % 2 === 1);
    };
    const replaced = await made(uniformGrid(20));
    const repainted = await made(repaintTimes(uniformGrid(20), { jump: 2, resamples: 20 }));
    // x₂ given x₁ = 1.5 is N(1.35, 0.19).
    expect(Math.abs(mean(repainted) - 1.35)).toBeLessThan(0.1);
    expect(Math.abs(std(repainted) - Math.sqrt(0.19))).toBeLessThan(0.1);
    expect(Math.abs(mean(replaced) - 1.35)).toBeGreaterThan(0.2);
  });

  test("refuses shapes that do not broadcast and samplers with step-size control", async () => {
    const noise = normal(key(0), [2, 2]);
    const sampler = inpaint(euler([1, 0]), {
      data: tensor([[[1, 2]], [[1, 2]], [[1, 2]]]),
      mask: tensor([[1, 0]]),
    });
    await expect(sample({ denoiser: pair, sampler, noise, key: key(0) })).rejects.toThrow(
      "must broadcast to the shape of x, [2, 2]",
    );
    const adaptive = { ...heun([1, 0]), judge: <X>(state: SamplerState<X>) => state };
    expect(() => inpaint(adaptive, known(1))).toThrow(
      "inpaint(heun): the sampler must have fixed steps, got heun, which controls its step size",
    );
    await expect(
      sample({ denoiser: pair, sampler: inpaint(euler([1, 0]), known(2)), noise }),
    ).rejects.toThrow("inpaint(euler): it draws noise; give it a key");
  });
});

describe("image to image", () => {
  test("from a time t it is the flow from a·x + b·z, and the earlier t, the less is changed", async () => {
    const image = tensor([[1, -0.4, 0.2]]);
    const denoiser = gaussianDenoiser(trigonometric, data, "velocity");
    const distances: number[] = [];
    for (const start of [0.15, 0.62, 0.97]) {
      const { times, noise } = sdedit({
        path: trigonometric,
        data: image,
        times: uniformGrid(100),
        start,
        key: key(4),
      });
      expect(times[0]).toBe(start);
      expect(times[1]).toBe(Math.ceil(start * 100 - 1) / 100);
      const [a, b] = [trigonometric.a(start), trigonometric.b(start)];
      const z = await normal(key(4), [1, 3]).data();
      const pixels = await image.data();
      const noisy = Array.from(pixels, (x, i) => a * x + b * (z[i] as number));
      expectClose(await noise.data(), noisy, 1e-6);
      const samples = await sample({ denoiser, sampler: heun(times), noise });
      const spread = Math.hypot(a * 0.3, b);
      const exact = noisy.map((v) => 0.5 + (0.3 * (v - a * 0.5)) / spread);
      expectClose(await samples.data(), exact, 2e-3);
      distances.push(Math.hypot(...exact.map((v, i) => v - (pixels[i] as number))));
    }
    expect(distances).toEqual([...distances].sort((one, other) => one - other));
    expect(() =>
      sdedit({ path: trigonometric, data: image, times: [1, 0.5], start: 0.5, key: key(0) }),
    ).toThrow("sdedit: start must be a time of the plan, in (0.5, 1], got 0.5");
  });
});

describe("DDIM inversion", () => {
  test("is one exact step of DDIM backwards", () => {
    const x = Float64Array.of(0.7, -0.2);
    const path = trigonometric;
    const z = gaussian(path).predict(x, 0.3, "noise");
    const inverted = ddimInversion([0.3, 0.8]).step({ index: 0, x }, gaussian(path)).x;
    const predicted = gaussian(path).predict(x, 0.3, "data");
    inverted.forEach((v, i) => {
      expect(v).toBeCloseTo(path.a(0.8) * predicted[i]! + path.b(0.8) * z[i]!, 12);
    });
  });

  test.each([rectifiedFlow, trigonometric])(
    "and back gives the data again, with an error that falls with its order, on the path $name",
    (path) => {
      const x = Float64Array.of(0.7, -0.2, 0.5);
      const errors = [320, 640, 1280].map((n) => {
        const times = uniformGrid(n, 0.99).map((t) => t + 0.01 * (1 - t));
        const latents = run(ddimInversion([...times].reverse()), x, path);
        const back = run(euler(times), latents, path);
        return Math.max(...back.map((v, i) => Math.abs(v - x[i]!)));
      });
      expect(errors[2]).toBeLessThan(5e-3);
      expect(Math.log2(errors[1]! / errors[2]!)).toBeCloseTo(1, 1);
    },
  );

  test("a whole inversion finds the noise of the flow, through the driver too", async () => {
    const noise = tensor([0.7, -0.2], [1, 2]);
    const latents = await sample({
      denoiser: gaussianDenoiser(rectifiedFlow, data, "velocity"),
      sampler: ddimInversion([...uniformGrid(500)].reverse()),
      noise,
    });
    expectClose(await latents.data(), [(0.7 - 0.5) / 0.3, (-0.2 - 0.5) / 0.3], 1e-2);
  });

  test("refuses times that do not rise or leave the path", () => {
    expect(() => ddimInversion([0.5, 0.2])).toThrow("must rise from data to noise");
    expect(() => ddimInversion([0])).toThrow("at least 2 numbers");
    expect(() => ddimInversion([-1, 0])).toThrow("got -1 at place 0");
    const x = Float64Array.of(1);
    expect(() => ddimInversion([0, 2]).step({ index: 0, x }, gaussian())).toThrow(
      "ddimInversion: the path rectifiedFlow ends at t = 1, got a time 2",
    );
    expect(() => ddimInversion([0.1, 1]).step({ index: 1, x }, gaussian())).toThrow(
      "step 1 does not exist, the plan has 1",
    );
  });
});

describe("between latents", () => {
  test("slerp turns by equal angles and keeps the length, for each sample by itself", async () => {
    const from = tensor([1, 0, 0, 2], [2, 2]);
    const to = tensor([0, 1, 2, 0], [2, 2]);
    const [c, s] = [Math.cos(Math.PI / 6), Math.sin(Math.PI / 6)];
    expectClose(await slerp(from, to, 1 / 3).data(), [c, s, 2 * s, 2 * c], 1e-6);
    expectClose(await slerp(from, to, 0).data(), [1, 0, 0, 2], 1e-6);
    expectClose(await slerp(from, to, 1).data(), [0, 1, 2, 0], 1e-6);
  });

  test("halfway between noises slerp is as long as noise, and lerp shorter by 1/√2", async () => {
    const [from, to] = [normal(key(0), [1, 4096]), normal(key(1), [1, 4096])];
    const size = async (x: Tensor): Promise<number> => ((await norm(x).data())[0] as number) / 64;
    expect(await size(slerp(from, to, 0.5))).toBeCloseTo(1, 1);
    expect(await size(lerp(from, to, 0.5))).toBeCloseTo(Math.SQRT1_2, 1);
  });

  test("parallel latents are joined straight, without NaN", async () => {
    const from = tensor([[1, 2, 3]]);
    expectClose(await slerp(from, mul(from, 3), 0.5).data(), [2, 4, 6], 1e-6);
    expectClose(await slerp(from, from, 0.3).data(), [1, 2, 3], 1e-6);
  });

  test("interpolate gives both ends and the ways between", async () => {
    const row = await interpolate(tensor([1, 0]), tensor([0, 1]), 3).data();
    expectClose(row, [1, 0, Math.SQRT1_2, Math.SQRT1_2, 0, 1], 1e-6);
    expectClose(
      await interpolate(tensor([1, 0]), tensor([0, 1]), 3, lerp).data(),
      [1, 0, 0.5, 0.5, 0, 1],
    );
    expect(() => interpolate(tensor([1]), tensor([1]), 1)).toThrow(
      "count must be an integer of at least 2",
    );
    expect(() => slerp(tensor([1]), tensor([1, 2]), 0.5)).toThrow(
      "slerp: both must have one shape, got [1] and [2]",
    );
  });

  test("nothing is left behind but the result", () => {
    const [from, to] = [normal(key(0), [2, 3]), normal(key(1), [2, 3])];
    const { numTensors } = memory();
    const made = [slerp(from, to, 0.2), lerp(from, to, 0.2), interpolate(from, to, 4)];
    const { noise } = sdedit({
      path: rectifiedFlow,
      data: from,
      times: [1, 0],
      start: 0.5,
      key: key(2),
    });
    expect(memory().numTensors).toBe(numTensors + 4);
    for (const x of [...made, noise]) x.dispose();
  });
});

test("a mask of another shape is refused in one sentence", async () => {
  const known = { data: tensor([[1, 2]]), mask: tensor([[1, 0, 1]]) };
  await expect(
    sample({
      denoiser: gaussianDenoiser(rectifiedFlow, { mean: 0, std: 1 }, "data"),
      sampler: inpaint(ddpm([0.9, 0.5, 0]), known),
      noise: tensor([[1, 2]]),
      key: key(0),
    }),
  ).rejects.toThrow("inpaint(ddpm): mask must broadcast to the shape of x, [1, 2], got [1, 3]");
});
