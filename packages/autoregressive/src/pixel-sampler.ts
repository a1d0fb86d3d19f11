import {
  add,
  compile,
  concat,
  dispose,
  foldIn,
  type Key,
  mul,
  settle,
  sub,
  sum,
  type Tensor,
  tensor,
  tidy,
  zeros,
} from "@gen/tensor";
import { type Guidance, guidanceScale, noLabels } from "./guidance.ts";
import type { PixelModel } from "./pixel-loss.ts";

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
 * A sampler for networks of images: a pass of the whole network for each pixel, or for each channel of it where the
 * network orders them, as one compiled graph for all of them. What is known before a pixel conditions it; what is known
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
  const next = compile(
    (images: Tensor, here: Tensor, channel: Tensor, key: Key, labels?: Tensor) =>
      tidy(() => {
        const all = model.forward(twice ? concat([images, images]) : images, labels);
        const at = sum(mul(all, here), [1, 2], true);
        const parameters = twice && output.guided ? output.guided(at, scale) : at;
        const written = mul(here, channel);
        const drawn = output.sample(parameters, key);
        return add(mul(images, sub(1, written)), mul(drawn, written));
      }),
    { name: "pixelSampler" },
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
      try {
        for (let i = 0; i < height * width * steps; i++) {
          signal?.throwIfAborted();
          const place = Math.floor(i / steps);
          if (known?.pixel(Math.floor(place / width), place % width)) continue;
          const here = marked(height * width, place, [1, height, width, 1]);
          const channel =
            steps === 1
              ? tensor(new Float32Array(channels).fill(1))
              : marked(channels, i % steps, [channels]);
          const drawn = next(images, here, channel, foldIn(key, i), told);
          dispose([images, here, channel]);
          images = drawn;
          await settle(images);
        }
        return images;
      } catch (error) {
        images.dispose();
        throw error;
      } finally {
        if (told !== labels) told?.dispose();
      }
    },
    dispose: () => next.dispose(),
  };
}

/** Zeros, and one at an index. */
function marked(size: number, index: number, shape: number[]): Tensor {
  const values = new Float32Array(size);
  values[index] = 1;
  return tensor(values, shape);
}
