import { fixture } from "@gen/testing";
import { describe, expect, it } from "vitest";
import { foldIn, Key, key, keyFromJSON, split } from "./index.ts";

interface Case {
  seed: number;
  key: [number, number];
  split: [number, number][];
  foldIn: Record<string, [number, number]>;
}
const { cases } = fixture<{ cases: Case[] }>(import.meta.url, "../test/fixtures/random.json");

describe.each(cases)("keys of seed $seed", (expected) => {
  const root = key(expected.seed);

  it("are the words that JAX makes of the seed", () => {
    expect(root.toJSON()).toEqual(expected.key);
  });
  it("split as JAX's do", () => {
    expect(split(root, 5).map((part) => part.toJSON())).toEqual(expected.split);
    expect(split(root).map((part) => part.toJSON())).toEqual(expected.split.slice(0, 2));
  });
  it("fold a number in as JAX's do", () => {
    for (const [data, words] of Object.entries(expected.foldIn)) {
      expect(foldIn(root, Number(data)).toJSON()).toEqual(words);
    }
  });
});

describe("a key", () => {
  it("survives JSON", () => {
    const original = foldIn(key(2 ** 40 + 3), 17);
    expect(keyFromJSON(JSON.parse(JSON.stringify(original)))).toEqual(original);
  });
  it("derives keys that know how they follow from the keys of a call", () => {
    const traced = new Key(1, 2, (callKeys) => callKeys[0] as Key);
    const derived = split(foldIn(traced, 7), 3)[2];
    const fresh = key(5);
    const replayed = derived.origin?.([fresh]);
    expect(replayed?.toJSON()).toEqual(split(foldIn(fresh, 7), 3)[2].toJSON());
    expect(split(key(1))[0].origin).toBeUndefined();
  });
});

describe("bad arguments are refused:", () => {
  it.each([-1, 0.5, 2 ** 53, NaN, Infinity, "7" as never])("key(%s)", (seed) => {
    expect(() => key(seed)).toThrow(
      `key: seed must be an integer in [0, 2^53), got ${String(seed)}`,
    );
  });
  it.each([0, -1, 1.5, NaN])("split(key, %s)", (count) => {
    expect(() => split(key(0), count)).toThrow(/^split: count must be a positive integer, got /);
  });
  it.each([-1, 2 ** 32, 0.5, NaN])("foldIn(key, %s)", (data) => {
    expect(() => foldIn(key(0), data)).toThrow(
      /^foldIn: data must be an integer in \[0, 2\^32\), got /,
    );
  });
  it.each([[[1]], [[1, 2, 3]], [[1, -2]], [[1, 2 ** 32]], [["1", "2"]], [null], ["12"]])(
    "keyFromJSON(%j)",
    (words) => {
      expect(() => keyFromJSON(words as never)).toThrow(
        /^keyFromJSON: expected two integers in \[0, 2\^32\), got /,
      );
    },
  );
});
