import { interpolate, klOfEachLatent, traverse } from "@gen/vae";
import { dispose, mean, slice, type Tensor, tensor, tidy } from "@gen/tensor";
import { sizeOf } from "../examples.ts";
import type { Scene } from "../family.ts";
import type { Png } from "../image-grid.ts";
import { pairedRows, rowsOf, someImages } from "../image-rows.ts";
import { isBinary, type TrainedVAE } from "./vae-model.ts";

// What people look at: pictures of what latents mean.

const COLUMNS = 10;

export async function reconstructions(
  { encode, decode, examples }: TrainedVAE,
  { dataset }: Scene,
): Promise<Png> {
  const { numbers, labels } = someImages(await dataset(), 2 * COLUMNS);
  const restored = await decode(await encode(numbers, labels), labels);
  return pairedRows(numbers, restored, examples, COLUMNS);
}

const STEPS = 11;
const ROWS = 10;
const LOOKED_AT = 200;

/** Rows of latents to images, those of a row with one label. */
async function decodeRows(
  { decode, examples, config }: TrainedVAE,
  rows: Tensor[],
  labels: readonly (number | undefined)[],
): Promise<Png> {
  const latents = new Float32Array(rows.length * STEPS * config.latents);
  for (const [i, row] of rows.entries()) {
    latents.set((await row.data()) as Float32Array, i * STEPS * config.latents);
  }
  dispose(rows);
  const each = Int32Array.from(
    { length: rows.length * STEPS },
    (_, i) => labels[Math.floor(i / STEPS)] ?? 0,
  );
  return rowsOf(await decode(latents, each), examples, STEPS);
}

export async function traversals(trained: TrainedVAE, { dataset }: Scene): Promise<Png> {
  const { model, examples, config, encode } = trained;
  const { numbers, labels } = someImages(await dataset(), LOOKED_AT);
  const size = sizeOf(examples);
  const count = numbers.length / size;
  const data = isBinary(config) ? numbers.map((x) => (x + 1) / 2) : numbers;
  const said = tidy(() => {
    const x = tensor(data, [count, ...examples.shape]);
    const label = examples.classes > 0 && labels ? tensor(labels, [count], "int32") : undefined;
    return mean(klOfEachLatent(model.encode(x, label)), 0);
  });
  const nats = await said.data();
  said.dispose();
  const order = Array.from(nats.keys()).toSorted((a, b) => nats[b]! - nats[a]!);
  const z = await encode(numbers.subarray(0, size), labels);
  const values = Array.from({ length: STEPS }, (_, i) => -3 + (6 * i) / (STEPS - 1));
  const rows = order
    .slice(0, ROWS)
    .map((dimension) => tidy(() => traverse(tensor(z), dimension, values)));
  return decodeRows(trained, rows, new Array<number | undefined>(rows.length).fill(labels?.[0]));
}

export async function interpolations(trained: TrainedVAE, { dataset }: Scene): Promise<Png> {
  const { numbers, labels } = someImages(await dataset(), ROWS);
  const z = await trained.encode(numbers, labels);
  const { latents } = trained.config;
  const pairs = Math.floor(z.length / latents / 2);
  const rows = Array.from({ length: pairs }, (_, i) =>
    tidy(() => {
      const both = tensor(z.subarray(2 * i * latents, 2 * (i + 1) * latents), [2, latents]);
      const [from, to] = [0, 1].map((j) => slice(both, [j, 0], [1, latents])) as [Tensor, Tensor];
      return interpolate(from, to, STEPS);
    }),
  );
  return decodeRows(
    trained,
    rows,
    Array.from({ length: pairs }, (_, i) => labels?.[2 * i]),
  );
}

const SIDE = 12;

export async function manifold({ decode, examples }: TrainedVAE): Promise<Png> {
  const at = (i: number): number => -2.5 + (5 * i) / (SIDE - 1);
  const latents = Float32Array.from({ length: 2 * SIDE * SIDE }, (_, i) => {
    const place = Math.floor(i / 2);
    return i % 2 === 0 ? at(place % SIDE) : -at(Math.floor(place / SIDE));
  });
  return rowsOf(await decode(latents, new Int32Array(SIDE * SIDE)), examples, SIDE);
}
