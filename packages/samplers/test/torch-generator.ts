/** PyTorch's CPU generator (mt19937) and its `randn` in float32, for values that were made with one. */
export class TorchGenerator {
  readonly #state = new Uint32Array(624);
  #next = 624;

  constructor(seed: number) {
    this.#state[0] = seed;
    for (let i = 1; i < 624; i++) {
      const before = this.#state[i - 1] as number;
      this.#state[i] = Math.imul(1812433253, before ^ (before >>> 30)) + i;
    }
  }

  #word(): number {
    if (this.#next === 624) {
      const s = this.#state;
      for (let i = 0; i < 624; i++) {
        const mixed = ((s[i] as number) & 0x80000000) | ((s[(i + 1) % 624] as number) & 0x7fffffff);
        s[i] = (s[(i + 397) % 624] as number) ^ (mixed >>> 1) ^ (mixed & 1 ? 0x9908b0df : 0);
      }
      this.#next = 0;
    }
    let y = this.#state[this.#next++] as number;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** `torch.rand(count)`. */
  rand(count: number): Float64Array {
    return Float64Array.from({ length: count }, () => (this.#word() & 0xffffff) * 2 ** -24);
  }

  /** `torch.randn(count)` of at least 16 numbers. */
  randn(count: number): Float64Array {
    const numbers = this.rand(count);
    for (let begin = 0; begin + 16 <= count; begin += 16) boxMuller(numbers, begin);
    if (count % 16) {
      numbers.set(this.rand(16), count - 16);
      boxMuller(numbers, count - 16);
    }
    return numbers.map(Math.fround);
  }
}

function boxMuller(numbers: Float64Array, begin: number): void {
  for (let j = begin; j < begin + 8; j++) {
    const radius = Math.sqrt(-2 * Math.log(1 - (numbers[j] as number)));
    const angle = 2 * Math.PI * (numbers[j + 8] as number);
    numbers[j] = radius * Math.cos(angle);
    numbers[j + 8] = radius * Math.sin(angle);
  }
}
