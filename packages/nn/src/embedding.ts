import { gather, type Key, type Tensor, tidy, type Variable } from "@gen/tensor";
import { expectPositive } from "./check.ts";
import { type Init, normal } from "./init.ts";
import { parameter } from "./parameter.ts";

export interface EmbeddingOptions {
  /** How the table starts. Default normal with deviation 1, as PyTorch's. */
  init?: Init;
}

/** One learnt vector per index, as `torch.nn.Embedding`. `weight` [count, features]. */
export class Embedding {
  readonly weight: Variable;

  constructor(
    key: Key,
    count: number,
    features: number,
    { init = normal(1) }: EmbeddingOptions = {},
  ) {
    expectPositive("Embedding", { count, features });
    const shape = [count, features];
    this.weight = parameter(init(key, shape, { in: count, out: features }), shape);
  }

  /** @param indices int32 [...], each in [0, count) @returns [..., features]; the caller disposes of it */
  forward(indices: Tensor): Tensor {
    if (indices.dtype !== "int32") {
      throw new Error(`Embedding.forward: indices must be int32, got ${indices.dtype}.`);
    }
    return tidy(() => gather(this.weight, indices));
  }
}
