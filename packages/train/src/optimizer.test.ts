import { expectClose, fixture } from "@gen/testing";
import {
  compile,
  dispose,
  memory,
  pad,
  scalar,
  slice,
  square,
  tensor,
  type Tensor,
  tidy,
  useBackend,
  type Variable,
  variable,
} from "@gen/tensor";
import { beforeAll, describe, expect, test } from "vitest";
import {
  adam,
  adamw,
  chain,
  clipByGlobalNorm,
  cosine,
  decayWeights,
  lion,
  Optimizer,
  sgd,
  type Transform,
} from "./index.ts";

interface Fixture {
  shapes: Record<string, number[]>;
  start: number[];
  gradients: number[][];
  cases: Record<string, number[][]>;
}

const reference = fixture<Fixture>(import.meta.url, "../test/fixtures/optimizers.json");
const everything = () => true;

function mapValues<T, R>(
  record: Record<string, T>,
  fn: (value: T, name: string) => R,
): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, fn(value, name)]));
}

const transforms: Record<string, Transform> = {
  adamw: adamw({ learningRate: 0.01, weightDecay: 0.1 }),
  "adamw, everything decays, other moments": adamw({
    learningRate: 0.003,
    beta1: 0.8,
    beta2: 0.95,
    epsilon: 1e-3,
    weightDecay: 0.3,
    mask: everything,
  }),
  "adamw, clipped": chain(clipByGlobalNorm(1), adamw({ learningRate: 0.01, weightDecay: 0.1 })),
  adam: adam(),
  "adam, L2 penalty": chain(decayWeights(0.1, everything), adam({ learningRate: 0.01 })),
  "adam, cosine": adam({ learningRate: cosine({ from: 0.02, to: 0.002, steps: 50 }) }),
  sgd: sgd({ learningRate: 0.01 }),
  "sgd, momentum": sgd({ learningRate: 0.01, momentum: 0.9 }),
  "sgd, nesterov, L2 penalty, clipped": chain(
    clipByGlobalNorm(2),
    decayWeights(0.1, everything),
    sgd({ learningRate: 0.01, momentum: 0.9, nesterov: true }),
  ),
  lion: lion({ learningRate: 0.001, weightDecay: 0.5 }),
};

function named(numbers: number[]): Record<string, Tensor> {
  let at = 0;
  return Object.fromEntries(
    Object.entries(reference.shapes).map(([name, shape]) => {
      const size = shape.reduce((product, n) => product * n, 1);
      return [name, tensor(numbers.slice(at, (at += size)), shape)];
    }),
  );
}

function variables(tensors: Record<string, Tensor>): Record<string, Variable> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, value]) => {
      const made = variable(value);
      value.dispose();
      return [name, made];
    }),
  );
}

const numbersOf = (tensors: Record<string, Tensor>): number[] =>
  Object.values(tensors).flatMap((value) => Array.from(value.dataSync()));

beforeAll(async () => {
  await useBackend();
});

test("every reference has its transformation", () => {
  expect(Object.keys(transforms).sort()).toEqual(Object.keys(reference.cases).sort());
});

describe.each(Object.keys(transforms))("%s", (name) => {
  test("follows the reference for 50 steps, and leaves no tensor behind", () => {
    const before = memory().numTensors;
    const parameters = variables(named(reference.start));
    const optimizer = new Optimizer(parameters, transforms[name]!);
    let standing = 0;
    reference.cases[name]!.forEach((expected, step) => {
      const gradients = named(reference.gradients[step]!);
      const inputs = optimizer.inputs(step);
      optimizer.apply(gradients, inputs);
      dispose([inputs, gradients]);
      expectClose(numbersOf(parameters), expected, 1e-5, `step ${step}`);
      if (step === 0) standing = memory().numTensors;
      expect(memory().numTensors).toBe(standing);
    });
    optimizer.dispose();
    dispose(parameters);
    expect(memory().numTensors).toBe(before);
  });
});

test("a compiled step is compiled once, whatever the learning rate, and follows the reference", () => {
  const name = "adam, cosine";
  const parameters = variables(named(reference.start));
  const optimizer = new Optimizer(parameters, transforms[name]!);
  const apply = compile((gradients: Record<string, Tensor>, inputs: Tensor) =>
    optimizer.apply(gradients, inputs),
  );
  reference.cases[name]!.forEach((expected, step) => {
    const gradients = named(reference.gradients[step]!);
    const inputs = optimizer.inputs(step);
    apply(gradients, inputs);
    dispose([inputs, gradients]);
    expectClose(numbersOf(parameters), expected, 1e-5, `step ${step}`);
  });
  // Backends that compute at once compile nothing.
  expect(apply.stats.compiles.length).toBeLessThanOrEqual(1);
  expect(apply.stats.calls).toBe(50);
  apply.dispose();
  optimizer.dispose();
  dispose(parameters);
});

test("its state has names that a reader of a checkpoint understands, each of them once", () => {
  const parameters = variables(named(reference.start));
  const one = new Optimizer(parameters, adamw());
  expect(Object.keys(one.state())).toEqual(["mean.small", "meanSquare.small"]);
  expect(one.state()["mean.small"]!.shape).toEqual([reference.start.length]);
  const two = new Optimizer(parameters, chain(adam(), lion()));
  expect(Object.keys(two.state())).toEqual(["mean.small", "meanSquare.small", "mean2.small"]);
  one.dispose();
  two.dispose();
  dispose(parameters);
});

test("large parameters are handled one by one, small ones together, to the same numbers", () => {
  const start = (rows: number): Record<string, number[]> => ({
    a: Array.from({ length: 3 }, (_, i) => Math.sin(i)),
    large: Array.from({ length: rows * 128 }, (_, i) => Math.cos(i)),
    b: Array.from({ length: 2 }, (_, i) => i - 0.5),
  });
  const moved = (rows: number): { state: string[]; numbers: Record<string, number[]> } => {
    const parameters = Object.fromEntries(
      Object.entries(start(rows)).map(([name, numbers]) => [
        name,
        variable(tensor(numbers, name === "large" ? [rows, 128] : [numbers.length])),
      ]),
    );
    const optimizer = new Optimizer(
      parameters,
      chain(clipByGlobalNorm(1), adamw({ mask: (name) => name !== "b" })),
    );
    for (let step = 0; step < 3; step++) {
      tidy(() => {
        // Beyond the first 63 rows the gradient is 0, so that both have the same norm.
        const gradients = mapValues(parameters, (parameter, name) => {
          const gradient = square(parameter);
          if (name !== "large") return gradient;
          return pad(slice(gradient, [0, 0], [63, 128]), [
            [0, rows - 63],
            [0, 0],
          ]);
        });
        optimizer.apply(gradients, optimizer.inputs(step));
      });
    }
    const state = Object.keys(optimizer.state());
    const numbers = mapValues(parameters, (parameter) => [...parameter.dataSync()]);
    optimizer.dispose();
    dispose(parameters);
    return { state, numbers };
  };
  const joined = moved(63);
  const apart = moved(64);
  expect(joined.state).toEqual(["mean.small", "meanSquare.small"]);
  expect(apart.state).toEqual(["mean.large", "mean.small", "meanSquare.large", "meanSquare.small"]);
  expectClose(apart.numbers.a!, joined.numbers.a!, 1e-6);
  expectClose(apart.numbers.b!, joined.numbers.b!, 1e-6);
  expectClose(apart.numbers.large!.slice(0, 63 * 128), joined.numbers.large!, 1e-6);
});

test("gradients accumulated are one step along their mean", () => {
  const run = (accumulate: number): number[] => {
    const parameters = variables(named(reference.start));
    const optimizer = new Optimizer(parameters, adam({ learningRate: 0.01 }), { accumulate });
    for (let step = 0; step < 5; step++) {
      const inputs = optimizer.inputs(step);
      const parts = [0, 1, 2].map((i) => named(reference.gradients[3 * step + i]!));
      if (accumulate === 3) {
        optimizer.accumulate(parts[0]!);
        optimizer.accumulate(parts[1]!);
        optimizer.apply(parts[2]!, inputs);
      } else {
        const mean = named(
          reference.start.map((_, j) => {
            const column = [0, 1, 2].map((i) => reference.gradients[3 * step + i]![j]!);
            return (column[0]! + column[1]! + column[2]!) / 3;
          }),
        );
        optimizer.apply(mean, inputs);
        dispose(mean);
      }
      dispose([inputs, parts]);
    }
    const numbers = numbersOf(parameters);
    optimizer.dispose();
    dispose(parameters);
    return numbers;
  };
  expectClose(run(3), run(1), 1e-6);
});

test("SGD in a quadratic bowl follows the closed form", () => {
  // f(x) = c·x²/2: x ← (1 - rate·c)·x.
  const curvature = [0.5, 1, 3];
  const x = variable(tensor([1, -2, 4]));
  const optimizer = new Optimizer({ x }, sgd({ learningRate: 0.1 }));
  for (let step = 0; step < 30; step++) {
    const gradients = { x: tensor([...x.dataSync()].map((value, i) => curvature[i]! * value)) };
    const inputs = optimizer.inputs(step);
    optimizer.apply(gradients, inputs);
    dispose([gradients, inputs]);
  }
  const expected = [1, -2, 4].map((value, i) => value * (1 - 0.1 * curvature[i]!) ** 30);
  expectClose(x.dataSync(), expected, 1e-5);
});

test("parameters that are not trainable stay as they are and need no gradient", () => {
  const parameters = { free: variable(scalar(1)), fixed: variable(scalar(2), false) };
  const optimizer = new Optimizer(parameters, sgd({ learningRate: 0.5 }));
  optimizer.apply({ free: scalar(1) }, optimizer.inputs(0));
  expect(numbersOf(parameters)).toEqual([0.5, 2]);
});

test("mistakes are errors that say what to do", () => {
  const x = variable(tensor([1, 2]));
  const make = (transform: Transform, options = {}): Optimizer =>
    new Optimizer({ x }, transform, options);
  expect(() => new Optimizer({}, adam())).toThrow("expected at least one tensor, got none");
  expect(() => make(adam(), { accumulate: 0 })).toThrow(
    "accumulate must be a positive integer, got 0",
  );
  expect(() => make(adam()).accumulate({ x })).toThrow("give the constructor { accumulate }");
  expect(() => make(adam()).apply({}, scalar(1))).toThrow("expected a tensor named x, got none");
  expect(() => make(adam()).apply({ x: tensor([1, 2, 3]) }, scalar(1))).toThrow(
    "x must have shape [2], got [3]",
  );
  expect(() => clipByGlobalNorm(-1)).toThrow("maxNorm must be a positive number, got -1");
  expect(() => sgd({ learningRate: 1, nesterov: true })).toThrow("nesterov needs a momentum");
  const whole = variable(tensor([1], [1], "int32"));
  expect(() => new Optimizer({ whole }, adam())).toThrow("got whole of int32");
});
