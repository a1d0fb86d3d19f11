import {
  cast,
  equal,
  fusedKernel,
  greater,
  mul,
  range,
  reshape,
  type Tensor,
  tidy,
  where,
} from "@gen/tensor";
import { attention, HIDDEN } from "./attention.ts";

/** One token's query, key and value, [batch, heads, 1, d] each. */
export interface CachedQuery {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
}

/** The keys and values of a sequence, [batch, heads, places, d] each. */
export interface KeysAndValues {
  readonly keys: Tensor;
  readonly values: Tensor;
}

/**
 * `attention` of one token to those of a cache and itself, token by token what `causalAttention` answers for all. The
 * key and the value take their place in the cache, and the query attends to all places up to theirs: what lies beyond is
 * not looked at.
 *
 * Where the backend has it as one operation (our engine on the CPU), it takes time for the tokens there are, not for all
 * places; and inside `compile`, where `cache` are variables that are assigned the answered `keys` and `values`, these are
 * written into the variables' own memory.
 *
 * @param position int32 [], from 0 to places - 1
 * @returns [batch, heads, 1, d], and the cache with the token in its place; the caller disposes of all three
 */
export function cachedAttention(
  { q, k, v }: CachedQuery,
  cache: KeysAndValues,
  position: Tensor,
): KeysAndValues & { attended: Tensor } {
  const { keys, values } = cache;
  const inputs = { q, k, v, keys, values, position };
  const [, , places, d] = keys.shape as [number, number, number, number];
  return tidy(() => {
    const byOthers = (): Tensor[] => {
      const at = range(0, places, 1, "int32");
      const here = reshape(equal(at, position), [places, 1]);
      const written = [where(here, k, keys), where(here, v, values)] as const;
      const beyond = mul(cast(greater(at, position), "float32"), HIDDEN);
      return [attention(q, ...written, beyond), ...written];
    };
    // ONNX Runtime's operation takes heads of a multiple of 8 numbers.
    const fused = d % 8 === 0;
    const [attended, nextKeys, nextValues] = (
      fused ? fusedKernel("CachedAttention", inputs, {}, byOthers) : byOthers()
    ) as [Tensor, Tensor, Tensor];
    return { attended, keys: nextKeys, values: nextValues };
  });
}
