import * as t from "@gen/tensor";
import { exportOnnx, fill } from "@gen/tensor";
import { expectClose } from "@gen/testing";
import { beforeAll, expect, test } from "vitest";
import { valuesOf } from "../src/cases.ts";
import { outputOf } from "../src/output-of.ts";

type Function = (x: t.Tensor) => t.Tensor;

beforeAll(async () => {
  await t.useBackend("onnx", { device: "cpu" });
});

const batchOf = (x: t.Tensor): number => x.shape[0] as number;

/** Functions of x [batch, 4, 3] in which sizes depend on the batch in every way that a model can compute. */
const sized: Record<string, Function> = {
  "rows in one list": (x) => t.reshape(x, [batchOf(x) * 4, 3]),
  "all numbers in one list": (x) => t.reshape(x, [-1]),
  "two axes, both of the batch's size": (x) => {
    const flat = t.reshape(x, [batchOf(x), 12]);
    return t.reshape(t.matMul(flat, flat, false, true), [batchOf(x), 1, batchOf(x)]);
  },
  "as many zeros, then ones": (x) =>
    t.add(t.concat([t.zeros([batchOf(x), 2, 3]), t.ones([batchOf(x), 2, 3])], 1), x),
  "a number for each": (x) => t.mul(x, fill([batchOf(x), 1, 1], 0.25)),
  "a number for each, from the host": (x) =>
    t.mul(x, t.tensor(new Float32Array(batchOf(x)).fill(3), [batchOf(x), 1, 1])),
  "a label for each": (x) =>
    t.add(t.oneHot(t.tensor1d(new Int32Array(batchOf(x)).fill(2), "int32"), 3), t.mean(x, 1)),
  "twice as many": (x) => t.concat([x, t.neg(x)], 0),
  "twice as many by a tile, the first half again": (x) =>
    t.slice(t.tile(x, [2, 1, 1]), [0, 0, 0], [batchOf(x), 4, 3]),
  "two more": (x) =>
    t.pad(x, [
      [1, 1],
      [0, 0],
      [0, 1],
    ]),
  "all but the last": (x) => t.slice(x, [0, 0, 0], [batchOf(x) - 1, 4, 3]),
  "the halves of twice as many": (x) => {
    const [a, b] = t.splitTensor(t.concat([x, t.exp(x)], 0), 2, 0) as [t.Tensor, t.Tensor];
    return t.sub(a, b);
  },
  "each by itself": (x) => t.broadcastTo(t.sum(x, [1, 2], true), x.shape),
  "a mean over the batch": (x) => t.sub(x, t.mean(x, 0, true)),
  "its order turned": (x) => t.reverse(x, 0),
  "sums along the batch": (x) => t.cumsum(x, 0),
  "the largest of the batch": (x) => t.max(x, 0),
  "a sum, divided by how many there are": (x) => t.div(t.sum(x, 0), t.sum(t.onesLike(x), 0)),
  "pictures made larger": (x) =>
    t.image.resizeNearestNeighbor(t.reshape(x, [batchOf(x), 2, 2, 3]) as t.Tensor4D, [4, 4]),
  "a gradient": (x) => t.grad((y: t.Tensor) => t.sum(t.mul(t.softmax(y), t.square(y))))(x),
};

test.for(Object.entries(sized))(
  "%s: one model for batches of any size",
  async ([name, fn], { expect: check }) => {
    const example = t.normal(t.key(0), [2, 4, 3]);
    const file = await exportOnnx((x: t.Tensor) => t.tidy(() => fn(x)), [example], {
      dynamicBatch: true,
    });
    example.dispose();
    for (const batch of [1, 2, 5, 64]) {
      const x = t.normal(t.key(batch), [batch, 4, 3]);
      if (name === "all but the last" && batch === 1) continue;
      const wanted = t.tidy(() => fn(x));
      const got = await outputOf(file, [valuesOf(x)]);
      check(got.shape).toEqual(wanted.shape);
      expectClose(got.data, wanted.dataSync(), 1e-5, `${name} at ${batch}`);
      t.dispose([x, wanted]);
    }
  },
);

/** Functions that are another one for every batch size, and what the refusal says. */
const refused: Record<string, { fn: Function; why: RegExp }> = {
  "as many operations as there are elements": {
    fn: (x) => t.stack(t.unstack(x).map((row, i) => t.mul(row, i))),
    why: /at 37, 41, 120 it has \d+, \d+, \d+ operations; leave dynamicBatch out/,
  },
  "a number that follows from the batch size": {
    fn: (x) => t.mul(x, 1 / batchOf(x)),
    why: /a float32 constant of a Mul is \[\] and its numbers change with the batch size/,
  },
  "a square of the batch size": {
    fn: (x) => t.tile(t.reshape(t.sum(x), [1]), [batchOf(x) ** 2]),
    why: /1369, 1681, 14400, not a multiple of the batch size and a number/,
  },
  "a table for each size": {
    fn: (x) => t.mul(x, t.reshape(t.linspace(0, 1, batchOf(x)), [-1, 1, 1])),
    why: /numbers change with the batch size/,
  },
  "another operation beyond a size": {
    fn: (x) => (batchOf(x) > 40 ? t.sin(x) : t.cos(x)),
    why: /a Cos becomes a Sin/,
  },
  "another operation where the batch is even": {
    fn: (x) => (batchOf(x) % 2 === 0 ? t.sin(x) : t.cos(x)),
    why: /a Cos becomes a Sin/,
  },
  "a permutation of the batch": {
    fn: (x) => t.gather(x, t.tensor1d(t.permutation(t.key(0), batchOf(x)), "int32")),
    why: /numbers change with the batch size/,
  },
};

test.for(Object.entries(refused))("%s is refused", async ([, { fn, why }]) => {
  const x = t.normal(t.key(0), [2, 4, 3]);
  const before = t.memory().numTensors;
  await expect(
    exportOnnx((y: t.Tensor) => t.tidy(() => fn(y)), [x], { dynamicBatch: true }),
  ).rejects.toThrow(why);
  expect(t.memory().numTensors).toBe(before);
  x.dispose();
});
