import {
  abs,
  acos,
  add,
  clipByValue,
  concat,
  div,
  less,
  maximum,
  mul,
  scalar,
  sin,
  sqrt,
  stack,
  sub,
  sum,
  type Tensor,
  tidy,
  where,
} from "@gen/tensor";

/**
 * The straight way between latents: (1 - share)·from + share·to. Halfway between independent noises its norm is 1/√2.
 */
export function lerp(from: Tensor, to: Tensor, share: number): Tensor {
  checkShapes("lerp", from, to);
  return tidy(() => add(mul(from, scalar(1 - share)), mul(to, scalar(share))) as Tensor);
}

/**
 * The way between latents along the sphere, for each sample by itself (Shoemake 1985; for DDIM's latents Song et al.
 * 2020, arXiv:2010.02502, section 5.3): sin((1 - u)θ)/sin θ·from + sin(uθ)/sin θ·to, θ the angle between them. What
 * is between two noises is as long as noise; all but parallel ones are joined straight.
 *
 * @param from latents [batch, …]
 * @param to latents of the same shape
 * @param share 0 gives `from`, 1 gives `to`
 * @returns a new tensor; the caller disposes of it
 */
export function slerp(from: Tensor, to: Tensor, share: number): Tensor {
  checkShapes("slerp", from, to);
  return tidy(() => {
    const axes = from.shape.map((_, axis) => axis).slice(1);
    const inner = (x: Tensor, y: Tensor): Tensor => sum(mul(x, y), axes, true);
    const lengths = sqrt(mul(inner(from, from), inner(to, to)));
    const cosine = clipByValue(div(inner(from, to), maximum(lengths, 1e-30)), -1, 1);
    const parallel = less(sub(1, abs(cosine)), 1e-5);
    const angle = where(parallel, 1, acos(cosine));
    // As tensors, so that all shares are one graph.
    const along = (part: Tensor): Tensor =>
      where(parallel, part, div(sin(mul(angle, part)), sin(angle)));
    return add(mul(from, along(scalar(1 - share))), mul(to, along(scalar(share)))) as Tensor;
  });
}

/**
 * Latents from one to another in even shares, both ends among them.
 *
 * @param count how many, at least 2
 * @param way `slerp`, or `lerp`
 * @returns [count, …] of two latents without a batch axis
 */
export function interpolate(
  from: Tensor,
  to: Tensor,
  count: number,
  way: typeof slerp = slerp,
): Tensor {
  checkShapes("interpolate", from, to);
  if (!Number.isInteger(count) || count < 2) {
    throw new Error(`interpolate: count must be an integer of at least 2, got ${count}`);
  }
  return tidy(() => {
    const [one, other] = [stack([from]), stack([to])];
    const steps = Array.from({ length: count }, (_, i) => way(one, other, i / (count - 1)));
    return concat(steps, 0);
  });
}

function checkShapes(name: string, from: Tensor, to: Tensor): void {
  if (from.shape.join() !== to.shape.join()) {
    throw new Error(
      `${name}: both must have one shape, got [${from.shape.join(", ")}] and [${to.shape.join(", ")}]`,
    );
  }
}
