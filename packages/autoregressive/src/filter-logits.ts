import {
  concat,
  cumsum,
  greaterEqual,
  less,
  max,
  min,
  mul,
  slice,
  softmax,
  type Tensor,
  tidy,
  topk,
  where,
  zeros,
  fill,
} from "@gen/tensor";

/** How tokens are chosen from logits. */
export interface SamplingOptions {
  /** The logits are divided by it. Default 1; towards 0, the likeliest token alone. */
  readonly temperature?: number;
  /** Only so many of the likeliest tokens (Fan et al. 2018, arXiv:1805.04833). Default: all. */
  readonly topK?: number;
  /**
   * Only the fewest likeliest tokens that together have at least this probability (nucleus sampling, Holtzman et al.
   * 2019, arXiv:1904.09751), after temperature and `topK`. Default 1: all.
   */
  readonly topP?: number;
}

const NEVER = -1e9;

/**
 * Logits of which what may not be chosen is −10⁹. Tokens of equal logits stay or go together.
 *
 * @param logits [batch, vocabulary]
 * @returns the same shape; the caller disposes of it
 * @throws if a number is out of its range
 */
export function filterLogits(logits: Tensor, options: SamplingOptions = {}): Tensor {
  const [batch, vocabulary] = logits.shape as [number, number];
  const { temperature = 1, topK = vocabulary, topP = 1 } = options;
  if (!(temperature > 0)) {
    throw new Error(`filterLogits: temperature must be above 0, got ${temperature}`);
  }
  if (!Number.isInteger(topK) || topK < 1) {
    throw new Error(`filterLogits: topK must be a positive integer, got ${topK}`);
  }
  if (!(topP > 0 && topP <= 1)) {
    throw new Error(`filterLogits: topP must be in (0, 1], got ${topP}`);
  }
  return tidy(() => {
    const scaled = mul(logits, 1 / temperature);
    if (topK >= vocabulary && topP === 1) return scaled;
    const { values } = topk(scaled, Math.min(topK, vocabulary), true);
    if (topP === 1) return keepFrom(scaled, min(values, -1, true));
    // The probability of all likelier tokens: what has less than topP before it, stays.
    const upTo = cumsum(softmax(values), 1);
    const before = concat(
      [zeros([batch, 1]), slice(upTo, [0, 0], [batch, values.shape[1]! - 1])],
      1,
    );
    const kept = where(less(before, topP), values, max(values, -1, true));
    return keepFrom(scaled, min(kept, -1, true));
  });
}

function keepFrom(logits: Tensor, threshold: Tensor): Tensor {
  return where(greaterEqual(logits, threshold), logits, fill(logits.shape, NEVER));
}
