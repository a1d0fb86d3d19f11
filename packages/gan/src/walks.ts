import { concat, slice, type Tensor, tidy } from "@gen/tensor";
import { slerpLatents } from "./interpolate.ts";
import type { Generator } from "./players.ts";
import type { StyleGenerator } from "./style-generator.ts";

/**
 * Images along the way from latent to latent, for a grid or a film.
 *
 * @param z [n, latents]: the places to visit
 * @param options `steps` from each to the next; `between`: how, default `slerpLatents`
 * @returns [(n − 1)·steps + 1, …]; the caller disposes of it
 */
export function interpolation(
  generator: Generator,
  z: Tensor,
  {
    steps,
    between = slerpLatents,
  }: { steps: number; between?: (a: Tensor, b: Tensor, t: number) => Tensor },
): Tensor {
  const count = z.shape[0] as number;
  if (count < 2 || !Number.isInteger(steps) || steps < 1) {
    throw new Error(
      `interpolation: needs at least 2 latents and steps a positive integer, got ${count} and ${steps}`,
    );
  }
  return tidy(() => {
    const place = (i: number): Tensor => slice(z, [i], [1]);
    const latents = Array.from({ length: count - 1 }, (_, i) =>
      Array.from({ length: steps }, (__, j) => between(place(i), place(i + 1), j / steps)),
    ).flat();
    return generator.forward(concat([...latents, place(count - 1)]));
  });
}

/**
 * The same latents at several truncations (Karras et al. 2019, arXiv:1812.04948, figure 8): from the mean image to
 * all variety.
 *
 * @param z [batch, latents]
 * @param psis such as [0, 0.5, 0.7, 1]
 * @returns images [psis · batch, …], all of the first ψ before all of the second; the caller disposes of it
 */
export function truncationSweep(
  generator: StyleGenerator,
  z: Tensor,
  psis: readonly number[],
): Tensor {
  if (psis.length === 0) throw new Error("truncationSweep: psis must have a number, got none");
  return tidy(() => {
    const w = generator.mapping.forward(z);
    const ws = concat(psis.map((psi) => generator.mapping.truncate(w, psi)));
    return generator.synthesize(generator.spread(ws));
  });
}
