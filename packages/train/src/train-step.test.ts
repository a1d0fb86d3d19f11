import { expectClose } from "@gen/testing";
import {
  add,
  dispose,
  foldIn,
  key,
  matMul,
  mean,
  memory,
  mul,
  normal,
  square,
  squaredDifference,
  sub,
  tanh,
  tensor,
  tidy,
  uniform,
  useBackend,
  type Variable,
  variable,
} from "@gen/tensor";
import { beforeAll, expect, test } from "vitest";
import { adam, type Batch, constant, differentiate, Ema, sgd, train, trainStep } from "./index.ts";

beforeAll(async () => {
  await useBackend();
});

/** y = tanh(x·w1 + b1)·w2 + b2 */
function network(seed: number): Record<string, Variable> {
  return tidy(() => ({
    w1: variable(normal(key(seed), [1, 24])),
    b1: variable(normal(key(seed + 1), [24])),
    w2: variable(normal(key(seed + 2), [24, 1])),
    b2: variable(tensor([0])),
  }));
}

const squaredError = (parameters: Record<string, Variable>) => (batch: Batch) => {
  const { w1, b1, w2, b2 } = parameters;
  const y = add(matMul(tanh(add(matMul(batch.x!, w1!), b1!)), w2!), b2!);
  return { loss: mean(squaredDifference(y, batch.y!)), size: mean(square(y)) };
};

/** Points of y = x². */
const parabola = (step: number): Batch =>
  tidy(() => {
    const x = uniform(key(step), [32, 1], -1, 1);
    return { x, y: square(x) };
  });

test("a small network learns a parabola, and its average learns it too", async () => {
  const before = memory().numTensors;
  const parameters = network(1);
  const ema = new Ema(parameters, constant(0.98));
  const loss = squaredError(parameters);
  const trainee = trainStep({ parameters, loss, optimizer: adam({ learningRate: 0.02 }), ema });
  const losses: number[] = [];
  await train(trainee, {
    data: parabola,
    key: key(0),
    steps: 400,
    logEvery: 100,
    onStep: ({ metrics }) => metrics && losses.push(metrics.loss!),
  });
  expect(losses.length).toBe(4);
  expect(losses[3]).toBeLessThan(2e-4);
  ema.copyTo(parameters);
  const averaged = tidy(() => loss(parabola(1000)).loss.dataSync()[0]!);
  expect(averaged).toBeLessThan(2e-4);
  trainee.dispose();
  ema.dispose();
  dispose(parameters);
  expect(memory().numTensors).toBe(before);
});

test("shards change a step by rounding alone, random numbers and averages included", () => {
  const run = (shards: number, accumulate: number): number[] => {
    const parameters = network(1);
    const ema = new Ema(parameters, constant(0.9));
    const trainee = trainStep({
      parameters,
      loss: ({ x, y }, k) => {
        const noisy = add(x!, mul(normal(foldIn(k, 3), x!.shape), 0.1));
        return squaredError(parameters)({ x: noisy, y: y! });
      },
      optimizer: adam({ learningRate: 0.01 }),
      ema,
      shards,
      accumulate,
    });
    const measured: number[] = [];
    const batches = [0, 1, 2, 3, 4, 5].map(parabola);
    try {
      batches.forEach((batch, step) => {
        const metrics = trainee.step(batch, key(step), step);
        measured.push(metrics.loss!.dataSync()[0]!, metrics.size!.dataSync()[0]!);
        dispose(metrics);
      });
      const state = Object.values(trainee.state());
      return [...measured, ...state.flatMap((tensor) => [...tensor.dataSync()])];
    } finally {
      trainee.dispose();
      ema.dispose();
      dispose([parameters, batches]);
    }
  };
  const before = memory().numTensors;
  for (const accumulate of [1, 2]) {
    const whole = run(1, accumulate);
    for (const shards of [2, 4, 8]) expectClose(run(shards, accumulate), whole, 1e-5);
    expect(run(4, accumulate)).toEqual(run(4, accumulate));
  }
  expect(() => run(3, 1)).toThrow(
    "must be a multiple of 3, the number of shards, got shape [32,1]",
  );
  expect(memory().numTensors).toBe(before);
});

test("a batch in four parts gives the same weights as the batch at once", () => {
  const run = (accumulate: number): number[] => {
    const parameters = network(1);
    const loss = squaredError(parameters);
    const trainee = trainStep({
      parameters,
      loss,
      optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }),
      accumulate,
    });
    let standing: number | undefined;
    const measured: number[] = [];
    for (let step = 0; step < 8; step++) {
      const batch = parabola(step);
      const metrics = trainee.step(batch, key(step), step);
      measured.push(metrics.loss!.dataSync()[0]!, metrics.size!.dataSync()[0]!);
      dispose([batch, metrics]);
      standing ??= memory().numTensors;
      expect(memory().numTensors).toBe(standing);
    }
    const weights = Object.values(parameters).flatMap((parameter) =>
      Array.from(parameter.dataSync()),
    );
    trainee.dispose();
    dispose(parameters);
    return [...measured, ...weights];
  };
  expectClose(run(4), run(1), 1e-5);
});

test("gradients are by name, and what was measured comes with them", () => {
  const a = variable(tensor([1, 2]));
  const b = variable(tensor([3, 5]));
  const fixed = variable(tensor([1, 1]), false);
  const before = memory().numTensors;
  const result = differentiate({ a, b, fixed }, () => ({
    loss: mean(square(sub(add(a, fixed), b))),
    other: mean(a),
  }));
  expect(Object.keys(result.gradients)).toEqual(["a", "b"]);
  expect([...result.gradients.a!.dataSync()]).toEqual([-1, -2]);
  expect([...result.gradients.b!.dataSync()]).toEqual([1, 2]);
  expect(result.metrics.loss!.dataSync()[0]).toBe(2.5);
  expect(result.metrics.other!.dataSync()[0]).toBe(1.5);
  dispose(result);
  expect(memory().numTensors).toBe(before);
  expect(() => differentiate({ a, b }, () => ({ loss: mean(a) }))).toThrow(
    "the loss does not depend on b; leave it out, or make it with trainable = false",
  );
});

test("a batch that does not divide into its parts is an error", () => {
  const parameters = network(1);
  const trainee = trainStep({
    parameters,
    loss: squaredError(parameters),
    optimizer: adam(),
    accumulate: 5,
  });
  expect(() => trainee.step(parabola(0), key(0), 0)).toThrow(
    "the first dimension of x must be a multiple of accumulate = 5, got shape [32,1]",
  );
});
