import {
  abs,
  add,
  compile,
  compileScan,
  dispose,
  key,
  memory,
  mul,
  normal,
  parallel,
  range,
  reshape,
  slice,
  stack,
  sum,
  type Tensor,
  tensor,
  tidy,
  useBackend,
  type Variable,
  variable,
  zeros,
} from "@gen/tensor";
import { expectClose } from "@gen/testing";
import { beforeAll, expect, test } from "vitest";
import { attention, cachedAttention } from "./index.ts";

const [batch, heads, places] = [2, 3, 7];

beforeAll(async () => {
  await useBackend();
});

const shapeOf = (d: number): number[] => [batch, heads, places, d];
/** Queries, keys and values of a whole sequence. */
const sequence = (d: number): Tensor[] => [1, 2, 3].map((k) => normal(key(k), shapeOf(d)));
const token = (x: Tensor, i: number): Tensor => slice(x, [0, 0, i, 0], [batch, heads, 1, -1]);

/** What `attention` gives for token i, which sees those up to itself. */
const expected = (all: readonly Tensor[], i: number): Float32Array =>
  tidy(() => {
    const [q, k, v] = all as [Tensor, Tensor, Tensor];
    const seen = (x: Tensor): Tensor => slice(x, [0, 0, 0, 0], [batch, heads, i + 1, -1]);
    return attention(token(q, i), seen(k), seen(v)).dataSync() as Float32Array;
  });

// Heads of 8 numbers are one operation in our engine, others are not.
test.for([
  [8, "as it is"],
  [8, "compiled"],
  [5, "as it is"],
  [5, "compiled"],
] as const)(
  "token by token it is attention to all tokens so far: heads of %i, %s",
  async ([d, how]) => {
    const all = sequence(d);
    const shape = shapeOf(d);
    const before = memory().numTensors;
    // What stands in the cache before is not looked at.
    const [keys, values] = tidy(() => [
      variable(normal(key(4), shape), false),
      variable(normal(key(5), shape), false),
    ]) as [Variable, Variable];
    const step = (q: Tensor, k: Tensor, v: Tensor, position: Tensor): Tensor =>
      tidy(() => {
        const next = cachedAttention({ q, k, v }, { keys, values }, position);
        keys.assign(next.keys);
        values.assign(next.values);
        return next.attended;
      });
    const compiled = compile(step, { name: "step" });
    for (let i = 0; i < places; i++) {
      const attended = tidy(() => {
        const [q, k, v] = all.map((x) => token(x, i)) as [Tensor, Tensor, Tensor];
        const run = how === "as it is" ? step : compiled;
        return run(q, k, v, tensor(i, [], "int32"));
      });
      expectClose(await attended.data(), expected(all, i), 1e-6, `token ${i}`);
      attended.dispose();
    }
    expectClose(await keys.data(), await all[1]!.data(), 0, "the keys");
    expectClose(await values.data(), await all[2]!.data(), 0, "the values");
    compiled.dispose();
    keys.dispose();
    values.dispose();
    expect(memory().numTensors).toBe(before);
    for (const x of all) x.dispose();
  },
);

test("a cache that somebody else looks at is not written over", async () => {
  const [q, k, v] = sequence(8).map((x) => token(x, 0)) as [Tensor, Tensor, Tensor];
  const keys = variable(zeros(shapeOf(8)));
  const values = variable(zeros(shapeOf(8)));
  const step = compile(
    (position: Tensor) =>
      tidy(() => {
        const next = cachedAttention({ q, k, v }, { keys, values }, position);
        const old = add(keys, 0);
        keys.assign(next.keys);
        values.assign(next.values);
        return old;
      }),
    { name: "step" },
  );
  const sums: number[][] = [];
  const size = async (x: Tensor): Promise<number> =>
    Array.from(await x.data()).reduce((sum, number) => sum + Math.abs(number), 0);
  const written = await size(k);
  for (let i = 0; i < 3; i++) {
    const kept = values.clone(); // shares the variable's numbers of now
    const before = await size(kept);
    const old = step(tensor(i, [], "int32"));
    expect(await size(kept)).toBe(before);
    sums.push([await size(old), await size(keys)]);
  }
  sums.flat().forEach((sum, i) => expect(sum / written).toBeCloseTo([0, 1, 1, 2, 2, 3][i]!, 5));
});

test("a cache that is also an argument, or a constant of another function, keeps its numbers for them", async () => {
  const [q, k, v] = sequence(8).map((x) => token(x, 0)) as [Tensor, Tensor, Tensor];
  const [keys, values] = tidy(() => [
    variable(zeros(shapeOf(8)), false),
    variable(zeros(shapeOf(8)), false),
  ]) as [Variable, Variable];
  const step = compile(
    (position: Tensor, given?: Tensor) =>
      tidy(() => {
        const next = cachedAttention({ q, k, v }, { keys, values }, position);
        keys.assign(next.keys);
        values.assign(next.values);
        return sum(abs(given ?? keys));
      }),
    { name: "step" },
  );
  const total = compile(() => sum(abs(keys)), { name: "total", fixedWeights: true });
  const number = async (x: Tensor): Promise<number> => (await x.data())[0]!;
  const one = await number(sum(abs(k)));
  const seen: number[] = [];
  for (let i = 0; i < 4; i++) {
    const position = tensor(i, [], "int32");
    seen.push(await number(step(position, i < 2 ? keys : undefined)), await number(total()));
  }
  // Given the keys, what they were before the step; else what they are after it.
  seen.forEach((x, i) => expect(x / one).toBeCloseTo([0, 1, 1, 2, 3, 3, 4, 4][i]!, 4));
});

test("a cache whose numbers were made in another shape is written in place as well", async () => {
  const all = sequence(8);
  const flat = (seed: number): Variable =>
    tidy(() => variable(normal(key(seed), shapeOf(8)), false));
  const [keys, values] = [flat(4), flat(5)];
  const step = compile(
    (q: Tensor, k: Tensor, v: Tensor, position: Tensor) =>
      tidy(() => {
        const next = cachedAttention({ q, k, v }, { keys, values }, position);
        keys.assign(next.keys);
        values.assign(next.values);
        return next.attended;
      }),
    { name: "step" },
  );
  const size = batch * heads * places * 8;
  for (let i = 0; i < places; i++) {
    tidy(() => {
      for (const x of [keys, values]) {
        x.assign(reshape(add(reshape(x, [size]), 0), shapeOf(8)));
        x.dataSync();
      }
      const [q, k, v] = all.map((x) => token(x, i)) as [Tensor, Tensor, Tensor];
      const attended = step(q, k, v, tensor(i, [], "int32"));
      expectClose(attended.dataSync<"float32">(), expected(all, i), 1e-6, `token ${i}`);
    });
  }
  step.dispose();
  dispose([all, keys, values]);
});

test("in a compiled loop, branches each write into a cache of their own", async () => {
  const before = memory().numTensors;
  const all = sequence(8);
  const caches = [6, 7].map(() =>
    tidy(() => [variable(zeros(shapeOf(8)), false), variable(zeros(shapeOf(8)), false)]),
  ) as [Variable, Variable][];
  const scan = compileScan(
    (none: [], { position, q, k, v }: Record<string, Tensor>): [[], Tensor[]] => {
      const attended = parallel(
        caches.map(
          ([keys, values], i) =>
            () =>
              tidy(() => {
                // The second branch sees other queries.
                const own = i === 0 ? q! : mul(q!, -1);
                const next = cachedAttention({ q: own, k: k!, v: v! }, { keys, values }, position!);
                keys.assign(next.keys);
                values.assign(next.values);
                return next.attended;
              }),
        ),
      );
      return [none, attended];
    },
  );
  const rows = tidy(() =>
    all.map((x) => stack(Array.from({ length: places }, (_, i) => token(x, i)))),
  );
  const [q, k, v] = rows as [Tensor, Tensor, Tensor];
  const position = range(0, places, 1, "int32");
  const [, attended] = scan([], { position, q, k, v });
  for (const [b, each] of attended.entries()) {
    const [queries, ...others] = all as [Tensor, Tensor, Tensor];
    const given = b === 0 ? queries : mul(queries, -1);
    const whole = Array.from({ length: places }, (_, i) => [...expected([given, ...others], i)]);
    expectClose(await each.data(), whole.flat(), 1e-6);
    if (b === 1) given.dispose();
  }
  for (const [keys, values] of caches) {
    expectClose(await keys.data(), await all[1]!.data(), 0, "the keys");
    expectClose(await values.data(), await all[2]!.data(), 0, "the values");
  }
  // The first call makes memory that the others write into, all at once; other devices call one by one.
  const { GEN_BACKEND, GEN_DEVICE } = process.env;
  expect(scan.stats.calls).toBe(GEN_BACKEND || GEN_DEVICE ? places : 2);
  scan.dispose();
  dispose([all, rows, position, attended, ...caches.flat()]);
  expect(memory().numTensors).toBe(before);
});
