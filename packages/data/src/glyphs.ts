import { bits, type Key, normalArray, split } from "@gen/random";
import { DIGIT_STROKES } from "./digit-strokes.ts";
import { checkLabels, DIGITS, type ImageSet } from "./image-set.ts";

const SIDE = 28;
const MIDDLE = (SIDE - 1) / 2;
/** Normal numbers spent on one glyph: the page's and the pen's first, then two for each point of the strokes. */
const NUMBERS = 64;
const PAGE_NUMBERS = 12;
const SPAN_STEPS = 5;

/**
 * Handwriting-like digits, made by code and endless: 28×28 grey, white on black, as MNIST's. Each is one of several ways
 * to write its digit, with points displaced, slanted, rotated, bent, stretched, moved, and drawn by a pen of its own
 * width. Glyph i depends on the key, on i and on its label alone, not on how many there are.
 *
 * @param count how many
 * @param labels [count], which digits to write, integers from 0 to 9; drawn at random if not given
 */
export function glyphs(key: Key, count: number, labels?: ArrayLike<number>): ImageSet {
  if (!Number.isInteger(count) || count < 0) {
    throw new Error(`glyphs: count must be an integer ≥ 0, got ${count}`);
  }
  const [choice, hand] = split(key);
  const words = bits(choice, count);
  if (labels && labels.length !== count) {
    throw new Error(`glyphs: labels has ${labels.length} numbers, expected ${count}`);
  }
  const digits = labels
    ? Int32Array.from(labels)
    : Int32Array.from(words, (word) => Math.floor(((word & 0xffff) / 0x10000) * 10));
  checkLabels(labels ?? digits, DIGITS, "glyphs");
  const numbers = normalArray(hand, count * NUMBERS);
  const images = new Uint8Array(count * SIDE * SIDE);
  for (let i = 0; i < count; i++) {
    const ways = DIGIT_STROKES[digits[i] as number] as (typeof DIGIT_STROKES)[number];
    const way = Math.floor((((words[i] as number) >>> 16) / 0x10000) * ways.length);
    write(
      ways[way] as (typeof ways)[number],
      numbers.subarray(i * NUMBERS, (i + 1) * NUMBERS),
      images.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE),
    );
  }
  return { images, labels: digits, classes: DIGITS, count, height: SIDE, width: SIDE, channels: 1 };
}

function write(
  strokes: readonly (readonly number[])[],
  normal: Float32Array,
  image: Uint8Array,
): void {
  const n = (i: number): number => Math.max(-2.5, Math.min(2.5, normal[i] as number));
  const lines = strokes.map(() => [] as number[]);
  let next = PAGE_NUMBERS;
  for (const [s, stroke] of strokes.entries()) {
    const points = displaced(stroke, normal, next);
    next += stroke.length;
    curve(points, lines[s] as number[]);
  }

  // The page: bend, stretch, slant and turn; then fit into 20 by 20 pixels with the centre of mass in the middle, as
  // MNIST's digits are.
  const bendX = 0.035 * n(0);
  const bendY = 0.035 * n(1);
  const phaseX = 3 * n(2);
  const phaseY = 3 * n(3);
  const stretch = Math.exp(0.11 * n(4) - 0.08);
  const slant = 0.16 + 0.2 * n(5);
  const turn = 0.09 * n(6);
  const cos = Math.cos(turn);
  const sin = Math.sin(turn);
  let left = Infinity;
  let right = -Infinity;
  let top = Infinity;
  let bottom = -Infinity;
  for (const line of lines) {
    for (let i = 0; i < line.length; i += 2) {
      const u = line[i] as number;
      const v = line[i + 1] as number;
      const y0 = v - 0.5 + bendY * Math.sin(4 * u + phaseY);
      const x0 = stretch * (u - 0.5) + bendX * Math.sin(4 * v + phaseX) - slant * y0;
      const x = cos * x0 - sin * y0;
      const y = sin * x0 + cos * y0;
      line[i] = x;
      line[i + 1] = y;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  const radius = Math.max(0.85, 1.2 + 0.28 * n(7));
  const size = (20 - 2 * radius + 0.8 * n(8)) / Math.max(right - left, bottom - top);
  const [middleX, middleY] = centreOfMass(lines);
  const shiftX = MIDDLE - size * middleX + 0.4 * n(9);
  const shiftY = MIDDLE - size * middleY + 0.4 * n(10);
  const soft = 0.7 + 0.1 * n(11);

  const nearest = new Float32Array(SIDE * SIDE).fill(100);
  for (const line of lines) {
    for (let i = 0; i < line.length; i += 2) {
      line[i] = size * (line[i] as number) + shiftX;
      line[i + 1] = size * (line[i + 1] as number) + shiftY;
    }
    for (let i = 2; i < line.length; i += 2) {
      near(
        nearest,
        radius + soft,
        line[i - 2] as number,
        line[i - 1] as number,
        line[i] as number,
        line[i + 1] as number,
      );
    }
  }
  for (let i = 0; i < nearest.length; i++) {
    const squared = nearest[i] as number;
    if (squared === 100) continue;
    // Full within the pen, falling over its soft edge.
    const cover = (radius + soft - Math.sqrt(squared)) / (2 * soft);
    if (cover > 0) image[i] = cover >= 1 ? 255 : 255 * cover * cover * (3 - 2 * cover) + 0.5;
  }
}

// Each point moved a little; a corner's two points stay together.
function displaced(stroke: readonly number[], normal: Float32Array, at: number): Float64Array {
  const points = new Float64Array(stroke.length);
  for (let i = 0; i < stroke.length; i += 2) {
    const corner = i > 0 && stroke[i] === stroke[i - 2] && stroke[i + 1] === stroke[i - 1];
    const from = at + (corner ? i - 2 : i);
    points[i] = (stroke[i] as number) + 0.028 * (normal[from] as number);
    points[i + 1] = (stroke[i + 1] as number) + 0.028 * (normal[from + 1] as number);
  }
  return points;
}

// The Catmull–Rom spline through the points, as a polyline.
function curve(points: Float64Array, line: number[]): void {
  const last = points.length - 2;
  line.push(points[0] as number, points[1] as number);
  for (let i = 0; i < last; i += 2) {
    const before = Math.max(0, i - 2);
    const after = Math.min(last, i + 4);
    for (let step = 1; step <= SPAN_STEPS; step++) {
      const t = step / SPAN_STEPS;
      const a = t * (t * (1 - 0.5 * t) - 0.5);
      const b = 1 + t * t * (1.5 * t - 2.5);
      const c = t * (t * (2 - 1.5 * t) + 0.5);
      const d = t * t * (0.5 * t - 0.5);
      for (let axis = 0; axis < 2; axis++) {
        line.push(
          a * (points[before + axis] as number) +
            b * (points[i + axis] as number) +
            c * (points[i + 2 + axis] as number) +
            d * (points[after + axis] as number),
        );
      }
    }
  }
}

// Of the ink: each piece of line at its middle, by its length.
function centreOfMass(lines: readonly (readonly number[])[]): [x: number, y: number] {
  let length = 0;
  let x = 0;
  let y = 0;
  for (const line of lines) {
    for (let i = 2; i < line.length; i += 2) {
      const x0 = line[i - 2] as number;
      const y0 = line[i - 1] as number;
      const x1 = line[i] as number;
      const y1 = line[i + 1] as number;
      const piece = Math.sqrt((x1 - x0) ** 2 + (y1 - y0) ** 2);
      length += piece;
      x += (piece * (x0 + x1)) / 2;
      y += (piece * (y0 + y1)) / 2;
    }
  }
  return [x / length, y / length];
}

// Lowers each pixel's squared distance to that from a line segment, within `reach` of it.
function near(
  nearest: Float32Array,
  reach: number,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
): void {
  const dx = x1 - x0;
  const dy = y1 - y0;
  const scale = 1 / Math.max(1e-12, dx * dx + dy * dy);
  const left = Math.max(0, Math.ceil(Math.min(x0, x1) - reach));
  const right = Math.min(SIDE - 1, Math.floor(Math.max(x0, x1) + reach));
  const top = Math.max(0, Math.ceil(Math.min(y0, y1) - reach));
  const bottom = Math.min(SIDE - 1, Math.floor(Math.max(y0, y1) + reach));
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const px = x - x0;
      const py = y - y0;
      const along = Math.max(0, Math.min(1, (px * dx + py * dy) * scale));
      const ex = px - along * dx;
      const ey = py - along * dy;
      const squared = ex * ex + ey * ey;
      const at = y * SIDE + x;
      if (squared < (nearest[at] as number)) nearest[at] = squared;
    }
  }
}
