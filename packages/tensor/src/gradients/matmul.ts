import { type GradConfig, matMul, reshape, type Tensor } from "@tensorflow/tfjs-core";
import { sumTo } from "./broadcast.ts";
import { gradient } from "./define.ts";

interface Attrs {
  transposeA: boolean;
  transposeB: boolean;
}

const batchSize = (x: Tensor): number =>
  x.shape.slice(0, -2).reduce((product, n) => product * n, 1);

/** [..., n, m] as one matrix of all its rows. */
const rows = (x: Tensor): Tensor => reshape(x, [-1, x.shape[x.rank - 1] as number]);

export const matmulGradients: readonly GradConfig[] = [
  gradient<"a" | "b", Attrs>(
    "BatchMatMul",
    ["a", "b"],
    (dy, { a, b }, { transposeA, transposeB }) => ({
      a: () => {
        const da = transposeA ? matMul(b, dy, transposeB, true) : matMul(dy, b, false, !transposeB);
        return sumTo(da, a.shape);
      },
      b: () => {
        // One matrix for the whole batch, as a linear layer's weight: one product over all rows.
        const shared = batchSize(b) === 1 && batchSize(a) > 1 && !transposeA;
        const [x, d] = shared ? [rows(a), rows(dy)] : [a, dy];
        const db = transposeB ? matMul(d, x, true, transposeA) : matMul(x, d, !transposeA, false);
        return shared ? reshape(db, b.shape) : sumTo(db, b.shape);
      },
    }),
  ),
];
