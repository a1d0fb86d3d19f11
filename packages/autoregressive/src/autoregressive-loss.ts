import { logSoftmax, mean, mul, oneHot, sum, type Tensor, tidy } from "@gen/tensor";

/** A network that gives the logits of every token from those before it. */
export interface AutoregressiveModel {
  readonly config: { readonly vocabulary: number };
  /** tokens int32 [batch, n], labels int32 [batch] → [batch, n, vocabulary]. The caller disposes of the result. */
  forward(tokens: Tensor, labels?: Tensor): Tensor;
}

export interface AutoregressiveLossOptions {
  readonly model: AutoregressiveModel;
  /** int32 [batch, n]. */
  readonly tokens: Tensor;
  /** int32 [batch], for a model with classes. */
  readonly labels?: Tensor | undefined;
}

/** Scalars. */
export type AutoregressiveLosses = Record<"loss" | "bitsPerToken", Tensor>;

/**
 * The negative log-likelihood of a token in nats, −log p(xᵢ | x₁ … xᵢ₋₁), the mean over all tokens of the batch; and
 * the same in bits, which for pixels is bits per dimension. For `trainStep` of `@gen/train`.
 *
 * @returns the caller disposes of both
 */
export function autoregressiveLoss({
  model,
  tokens,
  labels,
}: AutoregressiveLossOptions): AutoregressiveLosses {
  return tidy(() => {
    const logProbabilities = logSoftmax(model.forward(tokens, labels));
    const chosen = mul(logProbabilities, oneHot(tokens, model.config.vocabulary));
    const loss = mul(mean(sum(chosen, -1)), -1);
    return { loss, bitsPerToken: mul(loss, Math.LOG2E) };
  });
}
