import { describe, expect, it } from "vitest";
import { useBackend } from "./use-backend.ts";
import {
  add,
  addN,
  compile,
  concat,
  gather,
  inShards,
  type Key,
  key,
  matMul,
  mean,
  mul,
  normal,
  parallel,
  scalar,
  slice,
  split,
  square,
  sub,
  type Tensor,
  tensor,
  tidy,
  uniform,
  variable,
  variableGrads,
} from "./index.ts";

await useBackend("onnx", { threads: 2 });

const values = (t: Tensor): number[] => Array.from(t.dataSync());
const rows = (count: number): Tensor =>
  tensor(
    Array.from({ length: count * 3 }, (_, i) => Math.sin(i)),
    [count, 3],
  );

describe("parallel", () => {
  it("gives what its branches give one after another", () => {
    const w = variable(rows(3));
    const branches = (x: Tensor): Tensor[] =>
      parallel([() => matMul(x, w), () => mul(x, 2), () => mean(add(square(x), w))]);
    const all = (x: Tensor): Tensor => {
      const before = mul(x, x); // needed by all, and again after them
      const [a, b, c] = branches(before) as [Tensor, Tensor, Tensor];
      const again = parallel([() => add(a, c), () => sub(b, c)]);
      w.assign(mul(c, w));
      return add(addN(again), before);
    };
    const x = rows(3);
    const start = w.dataSync().slice();
    const want = tidy(() => values(all(x)));
    const after = values(w);
    w.assign(tensor(start, [3, 3]));
    const compiled = compile((t: Tensor) => tidy(() => all(t)));
    expect(values(compiled(x))).toEqual(want);
    expect(values(w)).toEqual(after);
    expect(compiled.stats.compilations).toBe(1);
  });

  it("answers rows of an argument, computed or from the host, that a branch takes, too", () => {
    const all = (x: Tensor): Tensor[] => {
      const last = slice(x, [2, 0], [1, 3]);
      const middle = slice(x, [1, 0], [1, 3]);
      return [last, ...parallel([() => mul(last, 2), () => add(middle, 1)])];
    };
    const compiled = compile((t: Tensor) => tidy(() => all(t)));
    const computed = mul(rows(4), 3);
    computed.dataSync();
    for (const x of [rows(4), computed]) {
      const want = tidy(() => all(x).map(values));
      expect(compiled(x).map(values)).toEqual(want);
    }
  });

  it("answers what was given, and what is answered twice, as tensors of their own", () => {
    const compiled = compile((x: Tensor) => {
      const [a, b] = parallel([() => add(x, 1), () => add(x, 2)]) as [Tensor, Tensor];
      return { x, a, b, again: a };
    });
    const x = rows(2);
    const { a, again, b, x: same } = compiled(x);
    a!.dispose();
    expect(values(again!)).toEqual(values(add(x, 1)));
    expect(values(b!)).toEqual(values(add(x, 2)));
    expect(values(same!)).toEqual(values(x));
    expect(same!.dataSync()).not.toBe(x.dataSync());
  });

  it("refuses a branch that uses what another one made", () => {
    let shared: Tensor | undefined;
    const leaking = compile((x: Tensor) =>
      parallel([() => (shared = add(x, 1)), () => mul(shared as Tensor, 2)]),
    );
    expect(() => leaking(rows(2))).toThrow(
      "parallel: a branch uses what another branch made; compute it before, or in the same branch",
    );
  });

  it("leaves the engine usable when a branch throws, while recording or running", () => {
    const throwing = compile((x: Tensor) =>
      parallel([
        () => add(x, 1),
        (): Tensor => {
          throw new Error("mine");
        },
      ]),
    );
    expect(() => throwing(rows(2))).toThrow("mine");
    const fine = compile((x: Tensor) => parallel([() => add(x, 1), () => mul(x, 2)]));
    expect(fine(rows(2)).map(values)).toEqual([values(add(rows(2), 1)), values(mul(rows(2), 2))]);
    fine.dispose();
    expect(fine(rows(2)).map(values)[1]).toEqual(values(mul(rows(2), 2)));
  });
});

it("an operation that fails in a branch is named, and the branches go on working", () => {
  const taken = compile((x: Tensor, i: Tensor) =>
    parallel([() => add(x, 1), () => gather(x, i), () => gather(mul(x, 2), i)]),
  );
  const at = (i: number): Tensor => tensor([i], [1], "int32");
  expect(() => taken(rows(4), at(7))).toThrow(/^The operator Gather failed on cpu \(2 threads\): /);
  const [, b, c] = taken(rows(4), at(3)) as [Tensor, Tensor, Tensor];
  expect(values(mul(b, 2))).toEqual(values(c));
  expect(values(b)).toEqual(values(rows(4)).slice(9));
});

describe("inShards", () => {
  it("draws, part by part, what the whole batch would draw", () => {
    const drawn = ({ x }: { x: Tensor }): Tensor => {
      const [a, b] = split(key(7));
      return add(normal(a, x.shape), uniform(b, [x.shape[0] as number, 1]));
    };
    const whole = values(drawn({ x: rows(6) }));
    for (const count of [1, 2, 3]) {
      expect(values(concat(inShards(count, { x: rows(6) }, drawn)))).toEqual(whole);
    }
    const nested = inShards(2, { x: rows(8) }, (half) => concat(inShards(2, half, drawn)));
    expect(values(concat(nested))).toEqual(values(drawn({ x: rows(8) })));
    const compiled = compile((x: Tensor, k: Key) =>
      concat(inShards(2, { x, k }, (half) => normal(half.k, half.x.shape))),
    );
    for (const seed of [1, 2])
      expect(values(compiled(rows(6), key(seed)))).toEqual(values(normal(key(seed), [6, 3])));
  });

  it("gives a batch's mean gradient as the mean of its parts' gradients", () => {
    const w = variable(rows(3));
    const gradient = (x: Tensor): Tensor =>
      variableGrads(() => mean(square(matMul(x, w))), [w]).grads[w.name] as Tensor;
    const want = values(gradient(rows(8)));
    const compiled = compile((x: Tensor) => tidy(() => mul(addN(inShards(4, x, gradient)), 1 / 4)));
    const got = values(compiled(rows(8)));
    got.forEach((value, i) => expect(value).toBeCloseTo(want[i] as number, 6));
  });

  it("gives scalars and what is not a tensor to every part", () => {
    const seen = inShards(2, { x: rows(4), by: scalar(2), name: "same", no: undefined }, (part) => {
      expect(part.x.shape).toEqual([2, 3]);
      return [values(mul(part.x, part.by)), part.name, part.no];
    });
    const whole = values(mul(rows(4), 2));
    expect(seen).toEqual([
      [whole.slice(0, 6), "same", undefined],
      [whole.slice(6), "same", undefined],
    ]);
  });

  it("says what cannot be split", () => {
    expect(() => inShards(2, rows(3), (x) => x)).toThrow(
      "inShards: the first dimension of every tensor must be a multiple of 2, the number of shards, got shape [3,3]",
    );
    expect(() => inShards(0, rows(2), (x) => x)).toThrow("positive integer, got 0");
  });
});
