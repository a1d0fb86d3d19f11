import { concat, slice, tensor1d, type Tensor, tidy } from "@gen/tensor";
import { slerpLatents } from "./interpolate.ts";
import type { Generator } from "./players.ts";
import type { StyleGenerator } from "./style-generator.ts";

/**
 * Images along the way from latent to latent, for a grid or a film.
 *
 * @param z [n, latents]: the places to visit
 * @param options `steps` from each to the next; `between`: how, default `slerpLatents`; `label` of all the images, of a
 *   generator with classes
 * @returns [(n − 1)·steps + 1, …]; the caller disposes of it
 */
export function interpolation(
  generator: Generator,
  z: Tensor,
  {
    steps,
    between = slerpLatents,
    label,
  }: {
    steps: number;
    between?: (a: Tensor, b: Tensor, t: number) => Tensor;
    label?: number | undefined;
  },
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
    const given =
      label === undefined
        ? {}
        : { labels: tensor1d(new Array<number>(latents.length + 1).fill(label), "int32") };
    return generator.forward(concat([...latents, place(count - 1)]), "inference", given);
  });
}

/**
 * The same latents at several truncations (Karras et al. 2019, arXiv:1812.04948, figure 8): from the mean image to
 * all variety.
 *
 * @param z [batch, latents]
 * @param psis such as [0, 0.5, 0.7, 1]
 * @param labels int32 [batch], of a generator with classes
 * @returns images [psis · batch, …], all of the first ψ before all of the second; the caller disposes of it
 */
export function truncationSweep(
  generator: StyleGenerator,
  z: Tensor,
  psis: readonly number[],
  labels?: Tensor,
): Tensor {
  if (psis.length === 0) throw new Error("truncationSweep: psis must have a number, got none");
  return tidy(() => {
    const w = generator.mapping.forward(z, "inference", labels);
    const ws = concat(psis.map((psi) => generator.mapping.truncate(w, psi)));
    return generator.synthesize(generator.spread(ws));
  });
}
