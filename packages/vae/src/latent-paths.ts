import { add, mul, stack, sub, type Tensor, tensor, tidy } from "@gen/tensor";

/**
 * Copies of a latent in which one number takes other values: decoded, a row of pictures that shows what the number means.
 *
 * @param z one latent, [latents]
 * @returns [values.length, latents]; the caller disposes of it
 */
export function traverse(z: Tensor, dimension: number, values: readonly number[]): Tensor {
  const latents = z.shape[0] as number;
  if (z.rank !== 1 || !(Number.isInteger(dimension) && dimension >= 0 && dimension < latents)) {
    throw new Error(
      `traverse: z must be [latents] and dimension one of its numbers, got [${z.shape.join(", ")}] and ${dimension}`,
    );
  }
  return tidy(() => {
    const column = tensor(Array.from({ length: latents }, (_, i) => (i === dimension ? 1 : 0)));
    const others = mul(z, sub(1, column));
    return stack(values.map((value) => add(others, mul(column, value))));
  });
}

/** A point between two latents; `slerp` of `@gen/samplers` is one, along the sphere. */
export type Between = (from: Tensor, to: Tensor, share: number) => Tensor;

/**
 * Evenly spaced points from one latent to another, both ends included.
 *
 * Straight by default, which is where a decoder has seen codes when both ends are codes of data. Between two draws from
 * the prior take a `between` along the sphere: halfway between independent ones the straight line is shorter by 1/√2
 * than any draw (the lecture notes have the straight line, with the names of its ends reversed).
 *
 * @param from of any shape
 * @param to of the same shape
 * @returns [count, …shape]; the caller disposes of it
 */
export function interpolate(
  from: Tensor,
  to: Tensor,
  count: number,
  between: Between = (a, b, share) => add(mul(a, 1 - share), mul(b, share)),
): Tensor {
  if (`${from.shape}` !== `${to.shape}`) {
    throw new Error(
      `interpolate: from and to must have one shape, got [${from.shape.join(", ")}] and [${to.shape.join(", ")}]`,
    );
  }
  if (!(Number.isInteger(count) && count >= 2)) {
    throw new Error(`interpolate: count must be a whole number of 2 or more, got ${count}`);
  }
  return tidy(() =>
    stack(Array.from({ length: count }, (_, i) => between(from, to, i / (count - 1)))),
  );
}
