import { fixture } from "@gen/testing";
import type { Features } from "../src/index.ts";

/** What tooling/reference/metrics.py wrote. */
export interface Reference {
  dims: number;
  generated: number[];
  real: number[];
  frechet: number;
  wide: { dims: number; few: number[]; many: number[]; trace: number };
  line: { sizes: number[]; scores: number[]; slope: number; intercept: number };
  polynomial: Mmd;
  gaussian: Mmd;
  kernelDistance: number;
  cmmd: number;
  manifolds: Record<
    string,
    { precision: number; recall: number; density: number; coverage: number }
  >;
  logits: number[];
  classes: number;
  inception: Record<string, { score: number; deviation: number }>;
  directions: number[];
  sliced: { one: number[]; two: number[] };
  votes: { k: number; half: number; right: [number, number] };
  coin: [tosses: number, heads: number, tail: number][];
  wilson: [share: number, count: number, low: number, high: number][];
  images: {
    shape: [number, number, number, number];
    a: number[];
    b: number[];
    psnr: number[];
    ssim: number[];
  };
  layers: {
    shapes: [number, number, number, number][];
    a: number[][];
    b: number[][];
    weights: number[][];
    distance: number[];
  };
}

interface Mmd {
  squared: number;
  biased: number;
  standardError: number;
}

export const reference: Reference = fixture<Reference>(import.meta.url, "fixtures/metrics.json");

const { dims } = reference;
export const generated: Features = { values: reference.generated, dims, extractor: "mixed" };
export const real: Features = { values: reference.real, dims, extractor: "mixed" };
