import { interpolation, projectImage, StyleGenerator } from "@gen/gan";
import {
  argMin,
  concat,
  dispose,
  expandDims,
  foldIn,
  gather,
  type Key,
  mean,
  normal,
  reshape,
  squaredDifference,
  type Tensor,
  tensor,
  tidy,
  tile,
} from "@gen/tensor";
import { adam, cosine } from "@gen/train";
import type { Scene } from "../family.ts";
import { imageGrid, type Png, toPixels } from "../image-grid.ts";
import { pairedRows, rowsOf, someImages } from "../image-rows.ts";
import { allClasses, spreadLabels } from "../labels.ts";
import { drawGAN, type TrainedGAN } from "./gan-sampling.ts";

// What people look at: pictures of what latents mean.

const ROWS = 10;
const COLUMNS = 11;

/** From latent to latent on the great circle, a row for each label. */
export async function interpolations(
  { generator, examples }: TrainedGAN,
  { key }: Scene,
): Promise<Png> {
  const rows = Array.from({ length: ROWS }, (_, i) => {
    const label = examples.classes > 0 ? i % examples.classes : undefined;
    return tidy(() => {
      const ends = normal(foldIn(key, i), [2, generator.latents]);
      return interpolation(generator, ends, { steps: COLUMNS - 1, label });
    });
  });
  const all = tidy(() => concat(rows));
  const numbers = (await all.data()) as Float32Array;
  dispose([rows, all]);
  return rowsOf(numbers, examples, COLUMNS);
}

/** The same latents at several truncations, a row for each. */
export function truncations(limits: readonly number[]) {
  return async (trained: TrainedGAN, { key, signal }: Scene): Promise<Png> => {
    const { examples } = trained;
    const labels = spreadLabels(ROWS, allClasses(examples));
    const drawn = [];
    for (const truncation of limits) {
      drawn.push(await drawGAN(trained, { key, signal, labels, settings: { truncation } }));
    }
    const [height, width, channels] = examples.shape as [number, number, number];
    const pixels = toPixels(drawn.flatMap((numbers) => [...numbers]));
    return imageGrid(
      { pixels, count: limits.length * ROWS, height, width, channels },
      { columns: ROWS, scale: 2, rowLabels: limits.map(String) },
    );
  };
}

const STARTS = 100;
const STEPS = 150;

/** Images that it has not seen, and below each the nearest that it can make: where they lie among the latents. */
export async function projections(
  { generator, examples }: TrainedGAN,
  { key, dataset, signal }: Scene,
): Promise<Png> {
  const { numbers, labels } = someImages(await dataset(), ROWS);
  const target = tensor(numbers, [ROWS, ...examples.shape]);
  const given = examples.classes > 0 && labels ? tensor(labels, [ROWS], "int32") : undefined;
  const synthesize = (latent: Tensor): Tensor =>
    generator instanceof StyleGenerator
      ? generator.synthesize(generator.spread(latent))
      : generator.forward(latent, "inference", { labels: given });
  const start = startOf(generator, given, target, key);
  const { latent } = await projectImage({
    synthesize,
    target,
    start,
    steps: STEPS,
    optimizer: adam({ learningRate: cosine({ from: 0.1, steps: STEPS }) }),
    signal,
  });
  const found = tidy(() => synthesize(latent));
  const nearest = (await found.data()) as Float32Array;
  dispose([target, given ?? [], start, latent, found]);
  return pairedRows(numbers, nearest, examples, ROWS);
}

/** The mean style for all; or of many latents, for each image the one whose sample is nearest. */
function startOf(
  generator: TrainedGAN["generator"],
  labels: Tensor | undefined,
  target: Tensor,
  key: Key,
): Tensor {
  if (generator instanceof StyleGenerator) {
    return tidy(() => tile(expandDims(generator.mapping.mean, 0), [ROWS, 1]));
  }
  return tidy(() => {
    const z = normal(key, [STARTS, generator.latents]);
    const best = Array.from({ length: ROWS }, (_, i) => {
      const label = labels && tile(gather(labels, tensor([i], [1], "int32")), [STARTS]);
      const images = generator.forward(z, "inference", { labels: label });
      const apart = mean(
        squaredDifference(images, gather(target, tensor([i], [1], "int32"))),
        [1, 2, 3],
      );
      return argMin(apart);
    });
    return concat(best.map((index) => gather(z, reshape(index, [1]))));
  });
}
