import { expect, test } from "vitest";
import { encodeModel } from "../onnx/encode.ts";
import type { ModelNode, ModelTensor } from "../onnx/types.ts";
import type { Held, HostData } from "./data.ts";
import { createRuntime } from "./node.ts";
import type { LoadableModel, Run, RuntimeTensor, Series } from "./runtime.ts";

const float = (name: string, shape: readonly number[]): ModelTensor => ({
  name,
  type: "float32",
  shape,
});
const node = (op: string, inputs: string[], outputs: string[]): ModelNode => ({
  op,
  domain: "",
  inputs,
  outputs,
  attributes: {},
});
const model = (
  inputs: ModelTensor[],
  outputs: ModelTensor[],
  nodes: ModelNode[],
): LoadableModel => ({
  model: encodeModel({ inputs, outputs, constants: [], nodes }),
  inputs: inputs.map(({ name }) => name),
  outputs,
  cpuNodes: [],
});
/** y = x + x */
const twice = (shape: readonly number[]): LoadableModel =>
  model([float("x", shape)], [float("y", shape)], [node("Add", ["x", "x"], ["y"])]);
const tensor = (
  data: RuntimeTensor["data"],
  shape: readonly number[],
  offset?: number,
): RuntimeTensor => ({ type: "float32", shape, data, ...(offset && { offset }) });
const numbers = (data: unknown): number[] => [...((data as Held).readSync() as Float32Array)];

test("results are inputs of later runs, in another shape and from any number on, and outlive their session", async () => {
  const runtime = await createRuntime({ threads: 1 });
  const first = runtime.load(twice([2, 3]));
  const [sum] = first.run([tensor(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3])]) as [Held];
  first.dispose();
  expect(numbers(sum)).toEqual([2, 4, 6, 8, 10, 12]);
  expect([...(sum.view!() as Float32Array)]).toEqual([2, 4, 6, 8, 10, 12]);
  const last = runtime.load(twice([2]));
  const results = [tensor(sum, [2]), tensor(sum, [2], 3)].map((x) => last.run([x])[0] as Held);
  expect(results.map(numbers)).toEqual([
    [4, 8],
    [16, 20],
  ]);
  for (const held of [sum, ...results]) held.dispose();
  last.dispose();
});

test("numbers are written over their old ones if nobody needs those, and else beside them", async () => {
  const runtime = await createRuntime({ threads: 1 });
  const [batch, places, d] = [1, 3, 8];
  const int = (name: string): ModelTensor => ({ name, type: "int32", shape: [1] });
  const token = [batch, 1, d];
  const cache = [batch, 1, places, d];
  const inputs = ["q", "k", "v"].map((name) => float(name, token));
  const caches = ["keys", "values"].map((name) => float(name, cache));
  const outputs = [float("y", token), float("newKeys", cache), float("newValues", cache)];
  const attention: ModelNode = {
    op: "GroupQueryAttention",
    domain: "com.microsoft",
    inputs: ["q", "k", "v", "keys", "values", "last", "total"],
    outputs: outputs.map(({ name }) => name),
    attributes: { num_heads: { int: 1 }, kv_num_heads: { int: 1 } },
  };
  const session = runtime.load({
    ...model([...inputs, ...caches, int("last"), int("total")], outputs, [attention]),
    inPlace: [
      { output: 1, input: 3 },
      { output: 2, input: 4 },
    ],
  });
  const step = (position: number, past: HostData | Held, overwrite?: Set<number>) => {
    const given = (data: RuntimeTensor["data"], type: "int32" | "float32", shape: number[]) => ({
      data,
      type,
      shape,
    });
    const now = new Float32Array(d).fill(position + 1);
    return session.run(
      [
        ...[now, now, now].map((data) => given(data, "float32", token)),
        given(past, "float32", cache),
        given(new Float32Array(places * d), "float32", cache),
        given(Int32Array.of(position), "int32", [1]),
        given(Int32Array.of(places), "int32", [1]),
      ],
      overwrite,
    ) as [Held, Held, Held];
  };
  const places3 = (data: Held): number[] => numbers(data).filter((_, i) => i % d === 0);
  const [, first] = step(0, new Float32Array(places * d));
  const [, beside] = step(1, first);
  expect(beside).not.toBe(first);
  expect([first, beside].map(places3)).toEqual([
    [1, 0, 0],
    [1, 2, 0],
  ]);
  const [, over] = step(2, beside, new Set([3]));
  expect(places3(over)).toEqual([1, 2, 3]);
  expect(() => beside.readSync()).toThrow("These numbers have been written over");
  beside.dispose();
  expect(places3(over)).toEqual([1, 2, 3]);
  session.dispose();
});

test("models run together, with a session for all that are the same; what fails is told when all have ended", async () => {
  const runtime = await createRuntime({ threads: 2 });
  const same = twice([2]);
  const together = runtime.loadTogether!([same, same, twice([3]), same]);
  const of = (...values: number[]): RuntimeTensor[] => [
    tensor(Float32Array.from(values), [values.length]),
  ];
  const runs = (...inputs: RuntimeTensor[][]): Run[] => inputs.map((each) => ({ inputs: each }));
  for (let call = 0; call < 100; call++) {
    const results = together.run(runs(of(1, call), of(3, 4), of(5, 6, 7), of(8, 9)));
    expect(results.map(([y]) => numbers(y))).toEqual([
      [2, 2 * call],
      [6, 8],
      [10, 12, 14],
      [16, 18],
    ]);
    for (const [y] of results) (y as Held).dispose();
  }
  expect(() => together.run(runs(of(1, 2), of(3, 4, 5), of(5, 6, 7), of(8, 9)))).toThrow(
    /^ONNX Runtime failed on cpu \(2 threads\): .*dimensions/,
  );
  const [[y]] = together.run(runs(of(1, 2), of(3, 4), of(5, 6, 7), of(8, 9))) as [[Held]];
  expect(numbers(y)).toEqual([2, 4]);
  together.dispose();
});

/** carried' = carried + x, made = carried · x */
const sums = model(
  [float("carried", [2]), float("x", [2])],
  [float("next", [2]), float("made", [2])],
  [node("Add", ["carried", "x"], ["next"]), node("Mul", ["carried", "x"], ["made"])],
);
/** A series over the rows of xs, of which the last sum is wanted and all products. */
const seriesOf = (start: readonly number[], xs: readonly number[]): Series => ({
  count: xs.length / 2,
  inputs: [tensor(Float32Array.from(start), [2]), tensor(Float32Array.from(xs), [2])],
  moving: new Set([1]),
  carried: [{ output: 0, input: 0 }],
  overwrite: new Set(),
});

test.for([1, 2, 3, 4])(
  "a series of %i runs is as many runs, of one model or of several",
  async (count) => {
    const runtime = await createRuntime({ threads: 2 });
    const xs = [1, 2, 3, 4, 5, 6, 7, 8].slice(0, 2 * count);
    const expected = (start: number[]): number[][] => {
      const made: number[] = [];
      for (let i = 0; i < xs.length; i++) {
        made.push(start[i % 2]! * xs[i]!);
        start[i % 2]! += xs[i]!;
      }
      return [start, made];
    };
    const numbersOf = (results: unknown[]): number[][] =>
      results.map((data) => [...(data as Float32Array)]);
    const session = runtime.load(sums);
    expect(numbersOf(session.runSeries!(seriesOf([1, 10], xs)))).toEqual(expected([1, 10]));
    session.dispose();
    const together = runtime.loadTogether!([sums, sums, sums]);
    const results = together.runSeries([
      seriesOf([0, 1], xs),
      seriesOf([2, 3], xs),
      seriesOf([4, 5], xs),
    ]);
    expect(results.map(numbersOf)).toEqual([expected([0, 1]), expected([2, 3]), expected([4, 5])]);
    together.dispose();
  },
);

test("a model that is none is refused in one sentence", async () => {
  const runtime = await createRuntime({ threads: 1 });
  const broken = { ...twice([2]), model: Uint8Array.of(1, 2, 3) };
  expect(() => runtime.load(broken)).toThrow(/^ONNX Runtime failed on cpu \(1 thread\): .+/);
});
