/**
 * Threefry-2x32 with 20 rounds, the counter-based generator of Salmon et al., «Parallel random numbers: as easy as
 * 1, 2, 3» (SC 2011), over the counters (0, start), (0, start + 1), …: the two words of block i go to `first[i]` and
 * `second[i]`; without `second`, their exclusive or goes to `first[i]`, as JAX draws 32 bits. Bit-equal to JAX's.
 *
 * @param hi the key's high 32 bits
 * @param lo the key's low 32 bits
 */
export function threefry(
  hi: number,
  lo: number,
  start: number,
  first: Uint32Array,
  second?: Uint32Array,
): void {
  const k0 = hi | 0;
  const k1 = lo | 0;
  const k2 = k0 ^ k1 ^ 0x1bd11bda;
  // Injected with the key, once in four rounds.
  const k2a = (k2 + 1) | 0;
  const k0b = (k0 + 2) | 0;
  const k1c = (k1 + 3) | 0;
  const k2d = (k2 + 4) | 0;
  const k0e = (k0 + 5) | 0;
  const base = (start + k1) | 0;
  const count = first.length;
  // oxfmt-ignore
  for (let i = 0; i < count; i++) {
    let x = k0;
    let y = (base + i) | 0;
    x = (x + y) | 0; y = ((y << 13) | (y >>> 19)) ^ x;
    x = (x + y) | 0; y = ((y << 15) | (y >>> 17)) ^ x;
    x = (x + y) | 0; y = ((y << 26) | (y >>> 6)) ^ x;
    x = (x + y) | 0; y = ((y << 6) | (y >>> 26)) ^ x;
    x = (x + k1) | 0; y = (y + k2a) | 0;
    x = (x + y) | 0; y = ((y << 17) | (y >>> 15)) ^ x;
    x = (x + y) | 0; y = ((y << 29) | (y >>> 3)) ^ x;
    x = (x + y) | 0; y = ((y << 16) | (y >>> 16)) ^ x;
    x = (x + y) | 0; y = ((y << 24) | (y >>> 8)) ^ x;
    x = (x + k2) | 0; y = (y + k0b) | 0;
    x = (x + y) | 0; y = ((y << 13) | (y >>> 19)) ^ x;
    x = (x + y) | 0; y = ((y << 15) | (y >>> 17)) ^ x;
    x = (x + y) | 0; y = ((y << 26) | (y >>> 6)) ^ x;
    x = (x + y) | 0; y = ((y << 6) | (y >>> 26)) ^ x;
    x = (x + k0) | 0; y = (y + k1c) | 0;
    x = (x + y) | 0; y = ((y << 17) | (y >>> 15)) ^ x;
    x = (x + y) | 0; y = ((y << 29) | (y >>> 3)) ^ x;
    x = (x + y) | 0; y = ((y << 16) | (y >>> 16)) ^ x;
    x = (x + y) | 0; y = ((y << 24) | (y >>> 8)) ^ x;
    x = (x + k1) | 0; y = (y + k2d) | 0;
    x = (x + y) | 0; y = ((y << 13) | (y >>> 19)) ^ x;
    x = (x + y) | 0; y = ((y << 15) | (y >>> 17)) ^ x;
    x = (x + y) | 0; y = ((y << 26) | (y >>> 6)) ^ x;
    x = (x + y) | 0; y = ((y << 6) | (y >>> 26)) ^ x;
    if (second) {
      first[i] = (x + k2) | 0;
      second[i] = (y + k0e) | 0;
    } else {
      first[i] = (x + k2) ^ (y + k0e);
    }
  }
}
