import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import {
  add,
  concat,
  exportOnnx,
  inShards,
  key,
  type Key,
  matMul,
  memory,
  mul,
  normal,
  reshape,
  scalar,
  sum,
  type Tensor,
  tensor,
  tidy,
  useBackend,
  variable,
  type Variable,
} from "./index.ts";

let before = 0;
let x: Tensor;
let weight: Variable;
beforeAll(async () => {
  await useBackend("onnx");
});
beforeEach(() => {
  x = tensor([1, 2, 3, 4], [2, 2]);
  weight = tidy(() => variable(tensor([1, 0, 0, 1], [2, 2]), true, "the weight"));
  before = memory().numTensors;
});
afterEach(() => {
  const after = memory().numTensors;
  x.dispose();
  weight.dispose();
  expect(after).toBe(before);
});

test("a model says what it takes and gives, by the names given", async () => {
  const { model, weights, inputs, outputs } = await exportOnnx(
    (a: Tensor, { b }: { b: Tensor }) => ({ product: matMul(a, b), total: sum(b) }),
    [x, { b: x }],
    { names: { inputs: ["left", "right"], outputs: ["product", "total"] }, metadata: { by: "me" } },
  );
  expect(inputs).toEqual([
    { name: "left", type: "float32", shape: [2, 2] },
    { name: "right", type: "float32", shape: [2, 2] },
  ]);
  expect(outputs).toEqual([
    { name: "product", type: "float32", shape: [2, 2] },
    { name: "total", type: "float32", shape: [] },
  ]);
  expect(weights).toBeUndefined();
  const text = new TextDecoder("latin1").decode(model);
  for (const word of ["MatMul", "ReduceSum", "left", "right", "total", "by\x12\x02me"])
    expect(text).toContain(word);
});

test("a function that works in shards is a model of the whole batch, of any size", async () => {
  const fn = (a: Tensor): Tensor => concat(inShards(2, a, (part) => matMul(part, weight)));
  const { inputs, outputs } = await exportOnnx(fn, [x], { dynamicBatch: true });
  expect([...inputs, ...outputs].map(({ shape }) => shape)).toEqual([
    ["batch", 2],
    ["batch", 2],
  ]);
});

test("a variable keeps its name, or takes the one of the state; unread ones are left out", async () => {
  const other = tidy(() => variable(tensor([7]), true, "unread"));
  const fn = (a: Tensor): Tensor => matMul(a, weight);
  const text = async (weights: Record<string, Variable>): Promise<string> =>
    new TextDecoder("latin1").decode((await exportOnnx(fn, [x], { weights })).model);
  expect(await text({})).toContain("variable.the weight");
  const named = await text({ "model.down.0.weight": weight });
  expect(named).toContain("model.down.0.weight");
  expect(named).not.toContain("the weight");
  expect(named).not.toContain("unread");
  other.dispose();
});

test("a weight in another shape than its own is still written once", async () => {
  const fn = (a: Tensor): Tensor => add(matMul(a, weight), sum(reshape(weight, [4])));
  const { weights, model } = await exportOnnx(fn, [x], {
    weights: { w: weight },
    weightsFile: "w",
  });
  expect(new TextDecoder("latin1").decode(weights)).toContain('"w":{"dtype":"F32","shape":[2,2]');
  expect(new TextDecoder("latin1").decode(model)).toContain("location\x12\x01w");
});

test("equal exports are equal bytes", async () => {
  const fn = (a: Tensor): Tensor => mul(matMul(a, weight), 0.5);
  const [first, second] = [await exportOnnx(fn, [x]), await exportOnnx(fn, [x])];
  expect(second.model).toEqual(first.model);
});

test("what is drawn is an input, whatever its key follows from", async () => {
  const fn = (a: Tensor, k: Key): Tensor => add(add(a, normal(k, [2, 2])), normal(key(3), [2]));
  const { inputs } = await exportOnnx(fn, [x, key(0)]);
  expect(inputs.map(({ name, shape }) => [name, shape])).toEqual([
    ["input0", [2, 2]],
    ["draw0", [2, 2]],
    ["draw1", [2]],
  ]);
});

const refusals: [string, (a: Tensor) => unknown, object, RegExp][] = [
  [
    "a value that is read inside",
    (a) => mul(a, sum(a).dataSync()[0] as number),
    {},
    /A tensor was read while its function was being recorded: return it instead/,
  ],
  [
    "a variable that is made inside",
    (a) => add(a, variable(scalar(1))),
    {},
    /an exported function cannot create variables/,
  ],
  [
    "a variable that is assigned inside",
    (a) => {
      weight.assign(matMul(a, weight) as never);
      return add(a, weight);
    },
    {},
    /assigns the variable the weight, and a model file has no state/,
  ],
  ["a key in the result", (a) => [a, key(0)], {}, /an exported function cannot return a key/],
  ["no result", () => 3, {}, /returns no tensor, and a model needs an output/],
  [
    "one name for two tensors",
    (a) => mul(a, weight),
    { names: { inputs: ["y"], outputs: ["y"] } },
    /two tensors of the model would be named "y"/,
  ],
  [
    "too many names",
    (a) => mul(a, 2),
    { names: { outputs: ["y", "z"] } },
    /names.outputs has 2 names, and there are 1 outputs/,
  ],
  [
    "a batch axis of no input",
    (a) => mul(a, 2),
    { dynamicBatch: ["z"] },
    /dynamicBatch names z, which is no input with axes/,
  ],
];

test.for(refusals)("%s is refused, in one sentence", async ([, fn, options, message]) => {
  await expect(
    exportOnnx((a: Tensor) => tidy(() => fn(a) as Tensor), [x], options),
  ).rejects.toThrow(message);
  // Nothing stays behind: the variable is what it was, and the engine computes.
  expect(Array.from(weight.dataSync())).toEqual([1, 0, 0, 1]);
});

test("an eager backend cannot, and says which can", async () => {
  await useBackend("cpu");
  try {
    await expect(exportOnnx((a: Tensor) => mul(a, 2), [x])).rejects.toThrow(
      'exportOnnx: the backend "cpu" does not record what it computes; choose the engine with useBackend("onnx")',
    );
  } finally {
    await useBackend("onnx");
  }
});
