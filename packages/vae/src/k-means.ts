import {
  cast,
  gather,
  greater,
  type Key,
  matMul,
  maximum,
  oneHot,
  permutation,
  reshape,
  sum,
  div,
  type Tensor,
  tensor,
  tidy,
  where,
} from "@gen/tensor";
import { nearestCode } from "./nearest-code.ts";

/**
 * Lloyd's algorithm: centres of points [n, features], started from points drawn without repetition; one that loses all
 * its points stays where it is.
 *
 * @returns [count, features]; the caller disposes of it
 * @throws if there are fewer points than centres
 */
export function kMeans(key: Key, points: Tensor, count: number, iterations = 10): Tensor {
  const n = points.shape[0] as number;
  if (points.rank !== 2 || !(count > 0 && count <= n)) {
    throw new Error(
      `kMeans: points must be [n, features] with at least count = ${count} rows, got [${points.shape.join(", ")}]`,
    );
  }
  return tidy(() => {
    let centres = gather(points, tensor(permutation(key, n).slice(0, count), [count], "int32"));
    for (let i = 0; i < iterations; i++) {
      const member = cast(oneHot(nearestCode(points, centres), count), "float32");
      const sizes = reshape(sum(member, 0), [count, 1]);
      const means = div(matMul(member, points, true), maximum(sizes, 1));
      centres = where(greater(sizes, 0), means, centres);
    }
    return centres;
  });
}
