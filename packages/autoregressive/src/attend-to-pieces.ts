import {
  add,
  addN,
  concat,
  fill,
  matMul,
  mul,
  softmax,
  splitTensor,
  type Tensor,
  tidy,
} from "@gen/tensor";

/** What to attend to. */
export interface Piece {
  /** [batch, heads, d, tokens]: a product with one query reads them row by row. */
  readonly keys: Tensor;
  /** [batch, heads, tokens, d] */
  readonly values: Tensor;
  /** Added to the scores: broadcastable to [batch, heads, queries, tokens]. */
  readonly mask?: Tensor;
}

/**
 * Attention to several pieces as if they were one: their scores are joined, which are small, instead of their keys and
 * values, which are large.
 *
 * @param q [batch, heads, queries, d]
 * @returns the shape of q; the caller disposes of it
 */
export function attendToPieces(q: Tensor, pieces: readonly Piece[]): Tensor {
  return tidy(() => {
    // A factor for each number: ONNX Runtime would take a scalar into the products, whose form for one query has none.
    const d = q.shape[3] as number;
    const scaled = mul(q, fill([d], 1 / Math.sqrt(d)));
    const scores = pieces.map(({ keys, mask }) => {
      const products = matMul(scaled, keys);
      return mask ? add(products, mask) : products;
    });
    const weights = splitTensor(
      softmax(concat(scores, 3)),
      pieces.map(({ keys }) => keys.shape[3] as number),
      3,
    );
    return addN(pieces.map(({ values }, i) => matMul(weights[i] as Tensor, values)));
  });
}
