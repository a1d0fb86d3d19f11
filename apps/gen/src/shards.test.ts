import { expect, test } from "vitest";
import { shardsOf } from "./shards.ts";

test("a batch is split into as many parts as pay, of those that divide it", () => {
  expect([64, 30, 9, 7, 2, 1].map((batch) => shardsOf(batch, 4))).toEqual([4, 3, 3, 1, 2, 1]);
  expect(shardsOf(64, 1)).toBe(1);
});
