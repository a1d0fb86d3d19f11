import { encode } from "fast-png";
import { drawText, textWidth } from "./pixel-font.ts";

/** Pixels in 0…255, images one after another, each row by row, channels last. */
export interface Pictures {
  pixels: Uint8Array;
  count: number;
  height: number;
  width: number;
  /** 1 (grey) or 3 (colour). */
  channels: number;
}

export interface GridOptions {
  /** Pictures in a row; as square as possible if left out. */
  columns?: number;
  /** Each pixel becomes a square this wide. Default 1. */
  scale?: number;
  /** Written to the left of each row: digits and signs. */
  rowLabels?: readonly string[];
}

/** A picture as PNG bytes with its size. */
export interface Png {
  bytes: Uint8Array;
  width: number;
  height: number;
  channels: number;
}

const GAP = 2;
const BACKGROUND = 64;

/** Numbers in [-1, 1], as models make them, to pixels; beyond is cut off. */
export function toPixels(numbers: ArrayLike<number>): Uint8Array {
  return Uint8Array.from(numbers, (x) => Math.max(0, Math.min(255, Math.round((x + 1) * 127.5))));
}

/** Draws pictures side by side, row by row. */
export function imageGrid(pictures: Pictures, options: GridOptions = {}): Png {
  const { pixels, count, height, width, channels } = pictures;
  const columns = options.columns ?? Math.max(1, Math.ceil(Math.sqrt(count)));
  const scale = options.scale ?? 1;
  const rows = Math.ceil(count / columns);
  const labelScale = Math.max(1, Math.round((height * scale) / 16));
  const labelWidth = Math.max(0, ...(options.rowLabels ?? []).map((l) => textWidth(l, labelScale)));
  const left = labelWidth > 0 ? labelWidth + 2 * GAP : 0;
  const fullWidth = left + columns * (width * scale + GAP) + GAP;
  const fullHeight = rows * (height * scale + GAP) + GAP;
  const data = new Uint8Array(fullWidth * fullHeight * channels).fill(BACKGROUND);

  for (let i = 0; i < count; i++) {
    const x0 = left + GAP + (i % columns) * (width * scale + GAP);
    const y0 = GAP + Math.floor(i / columns) * (height * scale + GAP);
    for (let y = 0; y < height * scale; y++) {
      for (let x = 0; x < width * scale; x++) {
        const from =
          ((i * height + Math.floor(y / scale)) * width + Math.floor(x / scale)) * channels;
        const to = ((y0 + y) * fullWidth + x0 + x) * channels;
        for (let c = 0; c < channels; c++) data[to + c] = pixels[from + c] as number;
      }
    }
  }
  for (const [row, label] of (options.rowLabels ?? []).entries()) {
    const y0 =
      GAP + row * (height * scale + GAP) + Math.floor((height * scale - 5 * labelScale) / 2);
    drawText(label, GAP + labelWidth - textWidth(label, labelScale), y0, labelScale, (x, y) => {
      data.fill(230, (y * fullWidth + x) * channels, (y * fullWidth + x + 1) * channels);
    });
  }
  const bytes = encode({ width: fullWidth, height: fullHeight, data, channels, depth: 8 });
  return { bytes, width: fullWidth, height: fullHeight, channels };
}

/** Draws sets of points (x, y pairs) side by side, each in the square [-extent, extent]². */
export function scatter(sets: readonly Float32Array[], extent: number, size = 384): Png {
  const width = sets.length * (size + GAP) - GAP;
  const data = new Uint8Array(size * width).fill(255);
  for (const [place, points] of sets.entries()) {
    const left = place * (size + GAP);
    const gap = place > 0 ? GAP : 0;
    for (let y = 0; y < size; y++) data.fill(BACKGROUND, y * width + left - gap, y * width + left);
    for (let i = 0; i + 1 < points.length; i += 2) {
      const x = Math.round((((points[i] as number) / extent + 1) / 2) * (size - 1));
      const y = Math.round(((1 - (points[i + 1] as number) / extent) / 2) * (size - 1));
      for (let dy = 0; dy < 2; dy++) {
        for (let dx = 0; dx < 2; dx++) {
          const inside = x + dx >= 0 && x + dx < size && y + dy >= 0 && y + dy < size;
          const at = (y + dy) * width + left + x + dx;
          if (inside) data[at] = Math.floor((data[at] as number) * 0.45);
        }
      }
    }
  }
  const bytes = encode({ width, height: size, data, channels: 1, depth: 8 });
  return { bytes, width, height: size, channels: 1 };
}
