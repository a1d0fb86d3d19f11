import { foldIn, type Key, uniformArray } from "@gen/random";

/** How much each image is moved: a draw for each, evenly within these bounds. */
export interface Augmentation {
  /** Pixels, in either direction. */
  shift: number;
  /** Degrees. */
  rotate: number;
  /** Share of the size. */
  zoom: number;
}

/**
 * Moves every image of a batch a little: shifted, rotated, zoomed about its middle, with bilinear sampling; beyond the
 * edge lies the nearest pixel.
 *
 * @param images [count, height, width, channels]
 * @returns new numbers of the same shape
 */
export function augment(
  images: Float32Array,
  shape: { height: number; width: number; channels: number },
  { shift, rotate, zoom }: Augmentation,
  key: Key,
): Float32Array {
  const { height, width, channels } = shape;
  const size = height * width * channels;
  const count = images.length / size;
  const draws = uniformArray(foldIn(key, 0), 4 * count, -1, 1);
  const out = new Float32Array(images.length);
  const cx = (width - 1) / 2;
  const cy = (height - 1) / 2;
  for (let i = 0; i < count; i++) {
    const dx = (draws[4 * i] as number) * shift;
    const dy = (draws[4 * i + 1] as number) * shift;
    const angle = ((draws[4 * i + 2] as number) * rotate * Math.PI) / 180;
    const factor = 1 / (1 + (draws[4 * i + 3] as number) * zoom);
    const cosine = Math.cos(angle) * factor;
    const sine = Math.sin(angle) * factor;
    const base = i * size;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const u = x - cx - dx;
        const v = y - cy - dy;
        const sx = clamp(cosine * u + sine * v + cx, width - 1);
        const sy = clamp(-sine * u + cosine * v + cy, height - 1);
        const x0 = Math.min(Math.floor(sx), Math.max(0, width - 2));
        const y0 = Math.min(Math.floor(sy), Math.max(0, height - 2));
        const x1 = Math.min(x0 + 1, width - 1);
        const y1 = Math.min(y0 + 1, height - 1);
        const fx = sx - x0;
        const fy = sy - y0;
        for (let c = 0; c < channels; c++) {
          const at = (row: number, column: number): number =>
            images[base + (row * width + column) * channels + c] as number;
          const top = at(y0, x0) * (1 - fx) + at(y0, x1) * fx;
          const bottom = at(y1, x0) * (1 - fx) + at(y1, x1) * fx;
          out[base + (y * width + x) * channels + c] = top * (1 - fy) + bottom * fy;
        }
      }
    }
  }
  return out;
}

function clamp(value: number, high: number): number {
  return Math.max(0, Math.min(high, value));
}
