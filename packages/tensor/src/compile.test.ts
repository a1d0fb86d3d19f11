import { expectClose } from "@gen/testing";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  add,
  compile,
  dispose,
  foldIn,
  gather,
  key,
  type Key,
  memory,
  mul,
  normal,
  scalar,
  settle,
  sub,
  sum,
  type Tensor,
  tensor,
  tidy,
  transpose,
  useBackend,
  variable,
  type Variable,
  zeros,
} from "./index.ts";
import { regression } from "../test/regression.ts";

let before = 0;
beforeAll(async () => {
  await useBackend("onnx");
});
beforeEach(() => {
  before = memory().numTensors;
});
afterEach(() => {
  expect(memory().numTensors, "tensors left behind").toBe(before);
});

function numbers(t: Tensor): number[] {
  const values = [...t.dataSync()];
  t.dispose();
  return values;
}

test("a compiled training step equals the same step uncompiled, and is compiled once", () => {
  const plain = regression();
  const other = regression();
  const compiled = compile(other.step);
  const rate = scalar(0.05);
  const losses = [0, 1, 2, 3, 4].map((i) => {
    const k = foldIn(key(7), i);
    return [plain.step(k, rate).loss, compiled(k, rate).loss].flatMap(numbers);
  });
  expectClose(
    losses.map(([, b]) => b as number),
    losses.map(([a]) => a as number),
    1e-6,
  );
  expect(new Set(losses.map(([a]) => a)).size).toBe(5);
  plain.variables.forEach((v, i) =>
    expectClose((other.variables[i] as Variable).dataSync(), v.dataSync(), 1e-5),
  );
  expect(compiled.stats.compiles.length).toBe(1);
  expect(compiled.stats.calls).toBe(5);
  compiled.dispose();
  dispose([rate, ...plain.variables, ...other.variables]);
});

test("a compiled training step equals the cpu backend's", async () => {
  const run = (): number[] => {
    const { step, variables } = regression();
    const compiled = compile(step);
    const rate = scalar(0.05);
    const losses = Array.from(
      { length: 10 },
      (_, i) => numbers(compiled(foldIn(key(3), i), rate).loss)[0] as number,
    );
    compiled.dispose();
    dispose([rate, ...variables]);
    return losses;
  };
  const ours = run();
  await useBackend("cpu");
  const theirs = run();
  await useBackend("onnx");
  expectClose(ours, theirs, 1e-5);
});

test("another shape compiles anew, and the first stays compiled", () => {
  const double = compile((x: Tensor) => mul(x, 2));
  const [a, b] = [tensor([1, 2]), tensor([1, 2, 3])];
  expect([a, b, a, b].map((x) => numbers(double(x)))).toEqual([
    [2, 4],
    [2, 4, 6],
    [2, 4],
    [2, 4, 6],
  ]);
  expect(double.stats.compiles.length).toBe(2);
  double.dispose();
  dispose([a, b]);
});

test("a number is part of the signature; a scalar tensor is not", () => {
  const scaled = compile((x: Tensor, by: number) => mul(x, by));
  const x = tensor([1, 2]);
  expect(numbers(scaled(x, 3))).toEqual([3, 6]);
  expect(numbers(scaled(x, 4))).toEqual([4, 8]);
  expect(scaled.stats.compiles.length).toBe(2);
  scaled.dispose();
  x.dispose();
});

test("the least used signature is forgotten when there are too many", () => {
  const twice = compile((x: Tensor) => add(x, x), { cacheSize: 2 });
  for (const size of [1, 2, 3, 1]) {
    const x = zeros([size]);
    numbers(twice(x));
    x.dispose();
  }
  expect(twice.stats.compiles.length).toBe(4);
  twice.dispose();
});

describe("a recompilation is explained", () => {
  type Batch = { images: Tensor; labels?: Tensor };
  const score = (batch: Batch, scale: number, mode: string): Tensor =>
    tidy(() => {
      const total = mul(sum(batch.images), scale);
      return mode === "twice" ? mul(total, 2) : total;
    });

  test("by what changed, from what to what: shape, dtype, value, structure", () => {
    const scored = compile(score);
    const [four, two] = [zeros([4, 3]), zeros([2, 3])];
    const [whole, labels] = [zeros([4, 3], "int32"), zeros([4], "int32")];
    const call = (...args: Parameters<typeof score>): void => scored(...args).dispose();
    call({ images: four }, 1, "once");
    call({ images: four }, 1, "once");
    call({ images: two }, 1, "once");
    call({ images: whole }, 1, "once");
    call({ images: four }, 0.5, "once");
    call({ images: four }, 1, "twice");
    call({ images: four, labels }, 1, "once");
    expect(scored.stats.compilations).toBe(6);
    expect(
      scored.stats.explain().map((line) => line.replace(/^(call \d+), \d+ nodes/, "$1")),
    ).toEqual([
      "call 1: the first call",
      "call 3: argument 0.images changed its shape from float32 [4, 3] to float32 [2, 3]",
      "call 4: argument 0.images changed its dtype from float32 [4, 3] to int32 [4, 3]",
      "call 5: argument 1 changed its value from 1 to 0.5 (pass a number that changes as a scalar tensor)",
      'call 6: argument 2 changed its value from "once" to "twice"',
      "call 7: argument 0.labels is new, int32 [4]",
    ]);
    scored.dispose();
    dispose([four, two, whole, labels]);
  });

  test("by the bound of the cache, by a change of kind, and with most of many changes left out", () => {
    const first = compile((xs: Tensor[], _other?: unknown) => add(xs[0] as Tensor, 1), {
      cacheSize: 1,
    });
    const [x, y] = [zeros([1]), zeros([2])];
    const call = (...args: Parameters<typeof first>): void => first(...args).dispose();
    call([x], key(1));
    call([x], 7);
    call([x], key(2));
    call([y, y, y, y, y, y], 7);
    expect(first.stats.compiles.map(({ reason }) => reason)).toEqual([
      "the first call",
      "argument 1 changed its kind from a key to 7",
      "compiled before, and freed since: by dispose, or because more than 1 signatures were in use (cacheSize)",
      "argument 0[0] changed its shape from float32 [1] to float32 [2]; argument 1 changed its kind from a key to 7; " +
        "argument 0[1] is new, float32 [2]; argument 0[2] is new, float32 [2]; 3 more",
    ]);
    first.dispose();
    dispose([x, y]);
  });

  test("however many there are, only the last are remembered", () => {
    const scaled = compile((x: Tensor, by: number) => mul(x, by), { cacheSize: 1 });
    const x = zeros([1]);
    for (let by = 0; by < 70; by++) scaled(x, by).dispose();
    expect(scaled.stats.compilations).toBe(70);
    expect(scaled.stats.explain()).toHaveLength(64);
    expect(scaled.stats.explain().at(-1)).toMatch(/^call 70, .* from 68 to 69/);
    scaled.dispose();
    x.dispose();
  });

  test("an eager backend compiles nothing, and answers the same", async () => {
    await useBackend("cpu");
    const scaled = compile((x: Tensor, by: number) => mul(x, by));
    const x = tensor([1, 2]);
    expect([2, 3].map((by) => numbers(scaled(x, by)))).toEqual([
      [2, 4],
      [3, 6],
    ]);
    expect(scaled.stats).toMatchObject({ calls: 2, compilations: 0 });
    expect(scaled.stats.explain()).toEqual([]);
    x.dispose();
    await useBackend("onnx");
  });
});

test("keys give fresh numbers at each call, the same for the same key", () => {
  const noisy = compile((k: Key) => add(normal(foldIn(k, 3), [4]), 0));
  const draws = [1, 2, 1].map((seed) => numbers(noisy(key(seed))));
  expect(draws[0]).toEqual(draws[2]);
  expect(draws[0]).not.toEqual(draws[1]);
  const direct = normal(foldIn(key(2), 3), [4]);
  expect(draws[1]).toEqual(numbers(direct));
  noisy.dispose();
});

test("two arguments that are one tensor at the first call may differ at the next", () => {
  const difference = compile((a: Tensor, b: Tensor) => sub(a, b));
  const [a, b] = [tensor([5]), tensor([3])];
  expect(numbers(difference(a, a))).toEqual([0]);
  expect(numbers(difference(a, b))).toEqual([2]);
  difference.dispose();
  dispose([a, b]);
});

test("two compiled functions share a variable", () => {
  const start = scalar(1);
  const v = variable(start);
  const grow = compile(() => v.assign(mul(v, 2)));
  const read = compile((x: Tensor) => add(x, v));
  const x = scalar(10);
  grow();
  expect(numbers(read(x))).toEqual([12]);
  grow();
  expect(numbers(read(x))).toEqual([14]);
  const held = v.clone();
  grow();
  expect(numbers(held)).toEqual([4]);
  expect(numbers(read(x))).toEqual([18]);
  grow.dispose();
  read.dispose();
  dispose([start, x, v]);
});

test("variables made from one another part when one is assigned", () => {
  const start = scalar(1);
  const a = variable(start);
  const b = variable(a);
  const move = compile(() => {
    a.assign(add(a, 1));
    return add(a, b);
  });
  expect(numbers(move())).toEqual([3]);
  expect(numbers(move())).toEqual([4]);
  expect(b.dataSync()[0]).toBe(1);
  move.dispose();
  dispose([start, a, b]);
});

test("a variable parts from the tensor that it was made from", () => {
  const start = tensor([1, 2], [1, 2]);
  const turned = transpose(start, [0, 1]);
  const [v, w] = [variable(start), variable(turned)];
  const move = compile(() => {
    v.assign(add(v, 1));
    w.assign(add(w, 10));
    return add(add(v, w), add(start, turned));
  });
  expect(numbers(move())).toEqual([15, 19]);
  expect(numbers(move())).toEqual([26, 30]);
  expect([...start.dataSync()]).toEqual([1, 2]);
  move.dispose();
  dispose([start, turned, v, w]);
});

test("results keep the shape of what the function answers: arguments, variables and nesting too", () => {
  const start = tensor([1, 2]);
  const v = variable(start);
  const mixed = compile((x: Tensor) => ({ same: x, list: [add(x, 1), v], note: "kept", count: 3 }));
  const x = tensor([7, 8]);
  for (let call = 0; call < 2; call++) {
    const { same, list, note, count } = mixed(x);
    expect([numbers(same), ...list.map((t) => numbers(t))]).toEqual([
      [7, 8],
      [8, 9],
      [1, 2],
    ]);
    expect([note, count]).toEqual(["kept", 3]);
  }
  mixed.dispose();
  dispose([x, v, start]);
});

describe("what cannot be compiled is said, and leaves nothing behind", () => {
  test("reading inside", () => {
    const start = scalar(1);
    const v = variable(start);
    const reads = compile((x: Tensor) => {
      v.assign(add(v, 1));
      return mul(
        x,
        tidy(() => add(x, 1).dataSync()[0] as number),
      );
    });
    const x = scalar(2);
    expect(() => reads(x)).toThrow(/read while its function was being recorded/);
    expect(v.dataSync()[0]).toBe(1);
    expect(numbers(add(x, 1))).toEqual([3]);
    dispose([x, v, start]);
  });

  test("reading an argument", () => {
    const reads = compile((x: Tensor) => mul(x, x.dataSync()[0] as number));
    const x = scalar(2);
    expect(() => reads(x)).toThrow(/read while its function was being recorded/);
    x.dispose();
  });

  test("an exception inside", () => {
    const start = scalar(1);
    const v = variable(start);
    const fails = compile(() => {
      v.assign(add(v, 1));
      throw new Error("no");
    });
    expect(fails).toThrow("no");
    expect(v.dataSync()[0]).toBe(1);
    dispose([v, start]);
  });

  test("a variable created inside", () => {
    const creates = compile((x: Tensor) => {
      variable(x).dispose();
      return variable(x, true, "made inside");
    });
    const x = scalar(1);
    expect(creates.bind(undefined, x)).toThrow(/cannot create variables/);
    x.dispose();
  });

  test("arguments that are neither tensors nor plain", () => {
    const any = compile((x: unknown) => (x ? zeros([1]) : zeros([2])));
    expect(() => any(new Map())).toThrow(/an argument\[0\] is a Map/);
    expect(() => any(() => 1)).toThrow(/is a function/);
  });

  test("a variable disposed of since", () => {
    const start = scalar(1);
    const v = variable(start, true, "short-lived");
    const read = compile((x: Tensor) => add(x, v));
    const x = scalar(1);
    numbers(read(x));
    v.dispose();
    expect(() => read(x)).toThrow(/short-lived .* has been disposed/);
    read.dispose();
    dispose([x, start]);
  });
});

test("an argument may be disposed of while a recorded operation needs it", async () => {
  const x = tensor([1, 2]);
  const y = add(x, 1);
  x.dispose();
  await settle();
  expect(numbers(y)).toEqual([2, 3]);
});

test("an operation that fails says so, and those recorded after it work", () => {
  const x = tensor([1, 2]);
  const outside = tensor([5], [1], "int32");
  const bad = tidy(() => gather(x, add(outside, outside)));
  expect(() => bad.dataSync()).toThrow();
  expect(() => bad.dataSync()).toThrow();
  expect(numbers(add(x, 1))).toEqual([2, 3]);
  dispose([x, outside, bad]);
});

test("what a caller writes into its array after making a tensor does not reach the tensor", () => {
  const data = Float32Array.of(1, 2);
  const x = tensor(data);
  const y = add(x, 0);
  data[0] = 100;
  expect(numbers(y)).toEqual([1, 2]);
  x.dispose();
});

test("a function that neither returns nor assigns a tensor computes nothing", () => {
  const nothing = compile((x: Tensor) => {
    tidy(() => void add(x, 1));
    return "done";
  });
  const x = scalar(1);
  expect([nothing(x), nothing(x)]).toEqual(["done", "done"]);
  expect(nothing.stats.compilations).toBe(1);
  nothing.dispose();
  x.dispose();
});

describe("fixed weights", () => {
  const setUp = () => {
    const weight = tidy(() => variable(tensor([[1, 2, 3]])));
    const count = tidy(() => variable(scalar(0)));
    const calls = compile(
      (x: Tensor) =>
        tidy(() => {
          count.assign(add(count, 1));
          return mul(weight, x);
        }),
      { fixedWeights: true },
    );
    const answer = (x: number): number[] => {
      const input = scalar(x);
      const values = numbers(calls(input));
      input.dispose();
      return values;
    };
    return { weight, count, calls, answer };
  };

  test("are constants, and after a change inputs: the numbers are always those of now", () => {
    const { weight, count, calls, answer } = setUp();
    const change = compile(() => weight.assign(add(weight, 1)));
    expect(answer(2)).toEqual([2, 4, 6]);
    expect(answer(3)).toEqual([3, 6, 9]);
    expect(calls.stats.compilations).toBe(1);
    change(); // in place: the variable keeps its data id
    expect(answer(2)).toEqual([4, 6, 8]);
    expect(calls.stats.compilations).toBe(2);
    expect(calls.stats.explain()[1]).toContain(`given other numbers: ${weight.name}`);
    const other = tensor([[5, 5, 5]]);
    weight.assign(other);
    other.dispose();
    expect(answer(2)).toEqual([10, 10, 10]);
    expect(calls.stats.compilations).toBe(2);
    // What it assigns is its state, and never fixed.
    expect([...count.dataSync()]).toEqual([4]);
    calls.dispose();
    change.dispose();
    dispose([weight, count]);
  });

  test("that have been disposed of are refused, not drawn from memory", () => {
    const { weight, count, calls, answer } = setUp();
    expect(answer(2)).toEqual([2, 4, 6]);
    weight.dispose();
    const x = scalar(2);
    expect(() => calls(x)).toThrow(
      `the variable ${weight.name} that it was compiled with has been disposed of`,
    );
    calls.dispose();
    dispose([count, x]);
  });

  test("are as they were on a backend without graphs", async () => {
    await useBackend("cpu");
    const { weight, count, answer } = setUp();
    expect(answer(2)).toEqual([2, 4, 6]);
    const other = tensor([[5, 5, 5]]);
    weight.assign(other);
    expect(answer(2)).toEqual([10, 10, 10]);
    dispose([weight, count, other]);
    await useBackend("onnx");
  });
});
