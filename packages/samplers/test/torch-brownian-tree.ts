import type { Points } from "./array-evaluator.ts";
import { TorchGenerator } from "./torch-generator.ts";

/**
 * torchsde's BrownianTree, which k-diffusion and diffusers draw from: times are rounded to six digits and [low, high]
 * halved until a half ends where it is asked for. The increment over a left half is the bridge's mean and a draw of its
 * own, seeded by NumPy's SeedSequence of the tree's seed at the place: its number in its depth, and the depth.
 */
export class TorchBrownianTree {
  readonly #seed: number;
  readonly #count: number;
  readonly #low: number;
  readonly #high: number;
  readonly #whole: Points;
  readonly #drawn = new Map<string, Points>();

  constructor(low: number, high: number, count: number, seed = 0) {
    this.#seed = seed;
    this.#count = count;
    [this.#low, this.#high] = [rounded(low), rounded(high)];
    this.#whole = this.#draw([]).map((n) => n * Math.sqrt(high - low));
  }

  /** The increment between two times, the second less the first, over the root of their distance. */
  noise(from: number, to: number): Points {
    const [start, end] = [this.#at(from), this.#at(to)];
    return end.map((w, i) => (w - start[i]!) / Math.sqrt(Math.abs(to - from)));
  }

  #at(time: number): Points {
    const t = Math.min(Math.max(rounded(time), this.#low), this.#high);
    let [low, high, number, depth] = [this.#low, this.#high, 0, 0];
    let increment = this.#whole;
    let before = increment.map(() => 0);
    while (low < t && t < high) {
      const middle = rounded((low + high) / 2);
      const share = (middle - low) / (high - low);
      const std = Math.sqrt(share * (high - middle));
      const drawn = this.#draw([number, depth]);
      const left = increment.map((w, i) => share * w + std * drawn[i]!);
      if (t <= middle) {
        [high, increment, number] = [middle, left, 2 * number];
      } else {
        before = before.map((w, i) => w + left[i]!);
        increment = increment.map((w, i) => w - left[i]!);
        [low, number] = [middle, 2 * number + 1];
      }
      depth++;
    }
    return t <= low ? before : before.map((w, i) => w + increment[i]!);
  }

  #draw(place: readonly number[]): Points {
    const name = place.join();
    const known = this.#drawn.get(name);
    if (known) return known;
    const drawn = new TorchGenerator(seedSequence(this.#seed, place, 24)).randn(this.#count);
    this.#drawn.set(name, drawn);
    return drawn;
  }
}

const rounded = (t: number): number => Number(t.toFixed(6));

/** The first word of NumPy's `SeedSequence(entropy, spawn_key=place, pool_size=size)`. */
function seedSequence(entropy: number, place: readonly number[], size: number): number {
  const own = Array.from({ length: place.length ? size : 1 }, (_, i) => (i ? 0 : entropy));
  const words = [...own, ...place];
  const hash = hasher(0x43b0d7e5, 0x931e8875);
  const pool = Array.from({ length: size }, (_, i) => hash(words[i] ?? 0));
  for (let from = 0; from < size; from++) {
    for (let to = 0; to < size; to++) {
      if (from !== to) pool[to] = mix(pool[to]!, hash(pool[from]!));
    }
  }
  for (const word of words.slice(size)) {
    for (let to = 0; to < size; to++) pool[to] = mix(pool[to]!, hash(word));
  }
  return hasher(0x8b51f9dd, 0x58f38ded)(pool[0]!);
}

function hasher(start: number, factor: number): (word: number) => number {
  let constant = start;
  return (word) => {
    const mixed = word ^ constant;
    constant = Math.imul(constant, factor);
    const product = Math.imul(mixed, constant);
    return (product ^ (product >>> 16)) >>> 0;
  };
}

function mix(x: number, y: number): number {
  const sum = Math.imul(0xca01f9dd, x) - Math.imul(0x4973f715, y);
  return (sum ^ (sum >>> 16)) >>> 0;
}
