import { foldIn, type Key } from "@gen/tensor";
import type { VectorQuantizerConfig } from "./codebook-quantizer.ts";
import { EmaVectorQuantizer } from "./ema-vector-quantizer.ts";
import { FiniteScalarQuantizer } from "./finite-scalar-quantizer.ts";
import { GumbelQuantizer, type GumbelQuantizerConfig } from "./gumbel-quantizer.ts";
import { LookupFreeQuantizer, type LookupFreeQuantizerConfig } from "./lookup-free-quantizer.ts";
import type { Quantizer } from "./quantizer.ts";
import { ResidualQuantizer } from "./residual-quantizer.ts";
import { VectorQuantizer } from "./vector-quantizer.ts";

/** A quantiser as a configuration names it: plain JSON. */
export type QuantizerConfig =
  | ({ readonly name: "vector" | "ema" } & VectorQuantizerConfig)
  | ({ readonly name: "residual"; readonly depth: number } & VectorQuantizerConfig)
  | { readonly name: "finiteScalar"; readonly levels: readonly number[] }
  | ({ readonly name: "lookupFree" } & LookupFreeQuantizerConfig)
  | ({ readonly name: "gumbel" } & GumbelQuantizerConfig);

/** The quantiser that a configuration names; the stages of a residual one learn by moving averages. */
export function quantizerOf(key: Key, config: QuantizerConfig): Quantizer {
  switch (config.name) {
    case "vector":
      return new VectorQuantizer(key, config);
    case "ema":
      return new EmaVectorQuantizer(key, config);
    case "residual":
      return new ResidualQuantizer(
        Array.from(
          { length: config.depth },
          (_, i) => new EmaVectorQuantizer(foldIn(key, i), config),
        ),
      );
    case "finiteScalar":
      return new FiniteScalarQuantizer(config.levels);
    case "lookupFree":
      return new LookupFreeQuantizer(config);
    case "gumbel":
      return new GumbelQuantizer(key, config);
    default:
      throw new Error(
        "quantizerOf: name must be vector, ema, residual, finiteScalar, lookupFree or gumbel, got " +
          String((config as { name: unknown }).name),
      );
  }
}
