import { expectClose } from "@gen/testing";
import {
  grads,
  key,
  memory,
  mul,
  normal,
  split,
  sum,
  type Tensor,
  tensor,
  tidy,
  useBackend,
} from "@gen/tensor";
import { beforeAll, describe, expect, test } from "vitest";
import { attention, causalAttention } from "./index.ts";

beforeAll(async () => {
  await useBackend();
});

/** softmax over a triangle of scores, in one piece. */
function masked(q: Tensor, k: Tensor, v: Tensor): Tensor {
  const tokens = q.shape[2] as number;
  const mask = Float32Array.from({ length: tokens * tokens }, (_, i) =>
    i % tokens > Math.floor(i / tokens) ? -1e9 : 0,
  );
  return attention(q, k, v, tensor(mask, [tokens, tokens]));
}

describe.each([1, 7, 32, 33, 70, 300])("for %i tokens", (tokens) => {
  test("blocks give what one masked product gives, and so do its gradients", async () => {
    const [a, b, c, d] = split(key(tokens), 4).map((k) => normal(k, [2, 3, tokens, 4])) as [
      Tensor,
      Tensor,
      Tensor,
      Tensor,
    ];
    const { numTensors } = memory();
    const results = [causalAttention, masked].map((form) =>
      tidy(() => [
        form(a, b, c),
        ...grads((q: Tensor, k: Tensor, v: Tensor) => sum(mul(form(q, k, v), d)))([a, b, c]),
      ]),
    ) as [Tensor[], Tensor[]];
    expect(memory().numTensors).toBe(numTensors + 8);
    for (const [i, result] of results[0].entries()) {
      expectClose(await result.data(), await (results[1][i] as Tensor).data(), 1e-5);
    }
  });
});

test("queries and keys of different lengths are refused", () => {
  const [q, k] = [normal(key(0), [1, 1, 4, 2]), normal(key(1), [1, 1, 5, 2])];
  expect(() => causalAttention(q, k, k)).toThrow(
    "causalAttention: q, k and v must have as many tokens each, got 4, 5 and 5",
  );
});
