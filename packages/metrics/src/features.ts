/** Feature vectors of a set of samples, and what made them. */
export interface Features {
  /** [count × dims], row by row. */
  readonly values: ArrayLike<number>;
  /** The length of a vector. */
  readonly dims: number;
  /** Name or hash of the extractor: reports repeat it, and features of two extractors are never compared. */
  readonly extractor?: string;
}

/** Feature vectors that were checked, in float64. */
export interface Rows {
  readonly values: Float64Array;
  readonly count: number;
  readonly dims: number;
}

/** Whole, finite vectors, `least` of them or more, or one sentence that says what is wrong. */
export function rowsOf(caller: string, which: string, features: Features, least: number): Rows {
  const { values, dims } = features;
  if (!Number.isInteger(dims) || dims < 1) {
    throw new Error(`${caller}: dims must be a positive integer, got ${dims} (${which})`);
  }
  const count = values.length / dims;
  if (!Number.isInteger(count)) {
    throw new Error(
      `${caller}: ${which} must hold whole vectors of ${dims} numbers, got ${values.length} numbers`,
    );
  }
  if (count < least) {
    throw new Error(
      `${caller}: ${which} must be at least ${least} samples, got ${count}; add more samples`,
    );
  }
  const wrong = Array.prototype.findIndex.call(values, (value: number) => !Number.isFinite(value));
  if (wrong >= 0) {
    throw new Error(
      `${caller}: ${which} must be finite, got ${values[wrong]} at place ${wrong % dims} ` +
        `of vector ${Math.floor(wrong / dims)}`,
    );
  }
  return { values: Float64Array.from(values), count, dims };
}

/** Both sides of a comparison, and the extractor that made them. */
export interface Sides {
  readonly generated: Rows;
  readonly real: Rows;
  readonly extractor: string;
}

/** Checks both sides, each of `least` samples or more, and that they can be compared. */
export function sidesOf(caller: string, generated: Features, real: Features, least: number): Sides {
  const extractor = commonExtractor(caller, generated, real);
  return {
    generated: rowsOf(caller, "generated features", generated, least),
    real: rowsOf(caller, "real features", real, least),
    extractor,
  };
}

/** The extractor of both sides. What only one side states holds for both. */
export function commonExtractor(
  caller: string,
  a: { readonly dims: number; readonly extractor?: string },
  b: { readonly dims: number; readonly extractor?: string },
): string {
  if (a.dims !== b.dims) {
    throw new Error(
      `${caller}: both sides must have features of one length, got dims ${a.dims} and ${b.dims}; ` +
        "use the same feature extractor for both",
    );
  }
  const one = a.extractor ?? b.extractor ?? "not stated";
  if ((b.extractor ?? one) !== one) {
    throw new Error(
      `${caller}: both sides must come from one extractor, got "${one}" and "${b.extractor}"`,
    );
  }
  return one;
}

/** Some of the vectors, in the order of `indices`. */
export function gatherRows({ values, dims }: Rows, indices: ArrayLike<number>): Rows {
  const chosen = new Float64Array(indices.length * dims);
  for (let i = 0; i < indices.length; i++) {
    const from = indices[i]! * dims;
    chosen.set(values.subarray(from, from + dims), i * dims);
  }
  return { values: chosen, count: indices.length, dims };
}
