import { dispose, key, useBackend } from "@gen/tensor";
import { beforeAll, describe, expect, test } from "vitest";
import { Conv2d, Embedding, fromTorch, Linear, state } from "./index.ts";

const numbers = (count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => i);

beforeAll(async () => {
  await useBackend();
});

describe("fromTorch", () => {
  test("puts the axes of each layer into our order", () => {
    const model = {
      linear: new Linear(key(0), 2, 3),
      conv: new Conv2d(key(0), 3, 2, 2),
      table: new Embedding(key(0), 2, 3),
    };
    const converted = fromTorch(model, {
      "linear.weight": { shape: [3, 2], data: numbers(6) },
      "conv.weight": { shape: [2, 3, 2, 2], data: numbers(24) },
      "table.weight": { shape: [2, 3], data: numbers(6) },
    });
    expect(converted["linear.weight"]).toEqual({
      shape: [2, 3],
      data: Float32Array.of(0, 2, 4, 1, 3, 5),
    });
    expect(converted["table.weight"]).toEqual({ shape: [2, 3], data: numbers(6) });
    // Ours at [row, column, in, out] is PyTorch's at [out, in, row, column].
    const expected: number[] = [];
    for (const row of [0, 1])
      for (const column of [0, 1])
        for (const i of [0, 1, 2])
          for (const o of [0, 1]) expected.push(o * 12 + i * 4 + row * 2 + column);
    expect(converted["conv.weight"]).toEqual({
      shape: [2, 2, 3, 2],
      data: Float32Array.from(expected),
    });
    dispose(state(model));
  });

  test("loads a 1 × 1 convolution into a Linear, and keeps what it cannot place", () => {
    const model = new Linear(key(0), 2, 3, { bias: false });
    const odd = { shape: [2, 2, 2], data: numbers(8) };
    expect(fromTorch(model, { weight: { shape: [3, 2, 1, 1], data: numbers(6) } })).toEqual({
      weight: { shape: [2, 3], data: Float32Array.of(0, 2, 4, 1, 3, 5) },
    });
    expect(fromTorch(model, { weight: odd, other: odd })).toEqual({ weight: odd, other: odd });
    dispose(state(model));
  });
});
