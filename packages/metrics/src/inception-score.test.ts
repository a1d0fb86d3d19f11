import { expect, test } from "vitest";
import { reference } from "../test/reference.ts";
import { inceptionScore } from "./index.ts";

const { logits, classes } = reference;

test("score and deviation are SciPy's, from logits and from probabilities", () => {
  const probabilities = logits.map((logit, at) => {
    const row = logits.slice(at - (at % classes), at - (at % classes) + classes);
    return Math.exp(logit) / row.reduce((sum, other) => sum + Math.exp(other), 0);
  });
  for (const [text, { score, deviation }] of Object.entries(reference.inception)) {
    const splits = Number(text);
    for (const report of [
      inceptionScore({ values: logits, dims: classes }, { given: "logits", splits }),
      inceptionScore({ values: probabilities, dims: classes }, { splits }),
    ]) {
      expect(report.score / score).toBeCloseTo(1, 11);
      expect(report.deviation).toBeCloseTo(deviation, 11);
      expect(report).toMatchObject({ count: 57, classes: 7, extractor: "not stated" });
    }
  }
});

test("sure and equally frequent classes score their number; one class, or no idea, scores 1", () => {
  const sure = (classOf: (i: number) => number): number[] =>
    Array.from({ length: 40 * 4 }, (_, at) => (classOf(Math.floor(at / 4)) === at % 4 ? 1 : 0));
  const score = (values: number[]): number => inceptionScore({ values, dims: 4 }).score;
  expect(score(sure((i) => i % 4))).toBeCloseTo(4, 12);
  expect(score(sure(() => 2))).toBe(1);
  expect(score(Array.from({ length: 160 }, () => 0.25))).toBeCloseTo(1, 12);
});

test("logits as probabilities, and fewer samples than splits, are refused in one sentence", () => {
  expect(() => inceptionScore({ values: logits, dims: classes })).toThrow(
    /^inceptionScore: probabilities must be at least 0 and sum to 1, got a sum of .* in row 0; pass \{ given: "logits" \} for logits$/,
  );
  expect(() => inceptionScore({ values: [0.5, 0.5], dims: 2 })).toThrow(
    "inceptionScore: predictions must be at least 10 samples, got 1; add more samples",
  );
  expect(() => inceptionScore({ values: [0.5, NaN], dims: 2 }, { splits: 1 })).toThrow(
    "inceptionScore: predictions must be finite, got NaN at place 1 of vector 0",
  );
  expect(() => inceptionScore({ values: [1], dims: 1 }, { splits: 0 })).toThrow(
    "splits must be a positive integer, got 0",
  );
});
