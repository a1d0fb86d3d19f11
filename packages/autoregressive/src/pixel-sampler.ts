import {
  add,
  cast,
  compile,
  concat,
  dispose,
  equal,
  foldIn,
  gather,
  type Key,
  mul,
  range,
  reshape,
  settle,
  sub,
  sum,
  type Tensor,
  tensor,
  tidy,
  zeros,
} from "@gen/tensor";
import { type Guidance, guidanceScale, noLabels } from "./guidance.ts";
import type { PixelModel, RowPixelModel } from "./pixel-loss.ts";

export interface PixelSamplerOptions {
  /** Stays the caller's; its weights are read as they are at every call. */
  readonly model: PixelModel;
  /** Of the images. */
  readonly height: number;
  readonly width: number;
  /** How many images are made at once. */
  readonly batch: number;
  /** Of the logits of `levelsOutput`, the only output that can be guided. Twice the work. */
  readonly guidance?: Guidance;
}

export interface PixelSampleOptions {
  /** Everything random follows from it: step i is drawn with `foldIn(key, i)`. */
  readonly key: Key;
  /** int32 [batch], for a model with classes. */
  readonly labels?: Tensor;
  /** What is known of the images: those pixels stay, the others follow. */
  readonly known?: {
    /** float32 [batch, height, width, channels] in [−1, 1]. */
    readonly images: Tensor;
    /** Whether a pixel is known, row by row. To complete the lower half: true for the upper one. */
    readonly pixel: (row: number, column: number) => boolean;
  };
  readonly signal?: AbortSignal;
}

/** Draws images, one pixel after the other. */
export interface PixelSampler {
  /** @returns float32 [batch, height, width, channels]; the caller disposes of it */
  sample(options: PixelSampleOptions): Promise<Tensor>;
  /** Frees what was compiled; the model stays. */
  dispose(): void;
}

/**
 * A sampler for networks of images: a pass of the network for each pixel, or for each channel of it where the network
 * orders them, as one compiled graph for all of them. The pass is of one row where the network can be asked so
 * (`RowPixelModel`), and else of the whole image. What is known before a pixel conditions it; what is known
 * after it does not, as everywhere in autoregressive models.
 */
export function pixelSampler({
  model,
  height,
  width,
  batch,
  guidance,
}: PixelSamplerOptions): PixelSampler {
  const { output, classes } = model;
  const scale = guidanceScale("pixelSampler", guidance, classes);
  const twice = scale !== 1;
  if (twice && !output.guided) {
    throw new Error(
      `pixelSampler: guidance needs an output of logits, as levelsOutput is, got ${output.name}`,
    );
  }
  const { channels, steps } = output;
  const shape = [batch, height, width, channels];
  const given = (images: Tensor): Tensor => (twice ? concat([images, images]) : images);
  const byRows = isByRows(model) ? model : undefined;
  const lookUp =
    byRows &&
    compile(
      (images: Tensor, row: Tensor, labels?: Tensor) =>
        tidy(() => byRows.above(given(images), labels).map((said) => gather(said, row, 1))),
      { name: "pixelSampler" },
    );
  const next = compile(
    (images: Tensor, place: Place, above: Tensor[], key: Key, labels?: Tensor) =>
      tidy(() => {
        const { row, column, channel } = place;
        const said = byRows
          ? byRows.along(gather(given(images), row, 1), above, labels)
          : gather(model.forward(given(images), labels), row, 1);
        const at = sum(mul(said, column), [1, 2], true);
        const drawn = output.sample(twice && output.guided ? output.guided(at, scale) : at, key);
        const here = reshape(cast(equal(range(0, height, 1, "int32"), row), "float32"), [
          1,
          height,
          1,
          1,
        ]);
        const written = mul(mul(here, column), channel);
        return add(mul(images, sub(1, written)), mul(drawn, written));
      }),
    { name: "pixelSampler", fixedWeights: true },
  );
  return {
    async sample({ key, labels, known, signal }) {
      if (known && known.images.shape.join() !== shape.join()) {
        throw new Error(
          `pixelSampler: known.images must be [${shape.join(", ")}], got [${known.images.shape.join(", ")}]`,
        );
      }
      if (twice && !labels) {
        throw new Error("pixelSampler: labels must be given where there is guidance, got none");
      }
      const told = twice
        ? tidy(() => concat([labels as Tensor, noLabels(batch, classes)]))
        : labels;
      let images = known ? known.images.clone() : zeros(shape);
      let above: Tensor[] = [];
      let looked = -1;
      try {
        for (let i = 0; i < height * width * steps; i++) {
          signal?.throwIfAborted();
          const at = Math.floor(i / steps);
          const [row, column] = [Math.floor(at / width), at % width];
          if (known?.pixel(row, column)) continue;
          const place: Place = {
            row: tensor([row], [1], "int32"),
            column: marked(width, column, [1, 1, width, 1]),
            channel:
              steps === 1
                ? tensor(new Float32Array(channels).fill(1))
                : marked(channels, i % steps, [channels]),
          };
          if (lookUp && looked !== row) {
            dispose(above);
            above = lookUp(images, place.row, told);
            looked = row;
          }
          const drawn = next(images, place, above, foldIn(key, i), told);
          dispose([images, { ...place }]);
          images = drawn;
          await settle(images);
        }
        return images;
      } catch (error) {
        images.dispose();
        throw error;
      } finally {
        dispose(above);
        if (told !== labels) told?.dispose();
      }
    },
    dispose() {
      lookUp?.dispose();
      next.dispose();
    },
  };
}

/** Where the next number is. */
interface Place {
  /** int32 [1]. */
  readonly row: Tensor;
  /** One there, else zeros: [1, 1, width, 1] and [channels]. */
  readonly column: Tensor;
  readonly channel: Tensor;
}

const isByRows = (model: PixelModel): model is RowPixelModel => "along" in model;

/** Zeros, and one at an index. */
function marked(size: number, index: number, shape: number[]): Tensor {
  const values = new Float32Array(size);
  values[index] = 1;
  return tensor(values, shape);
}
