/** The two formats of 16 bits. */
export type HalfDtype = "F16" | "BF16";

// One number seen as float32 and as its bits.
const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

/** The float32 of a half precision number: exact. */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The half precision number nearest to the float32 number x, ties to even; beyond 65,504 it is infinite. */
export function toHalf(x: number): number {
  if (Number.isNaN(x)) return 0x7e00;
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const a = Math.abs(x);
  if (a >= 65520) return sign | 0x7c00;
  float[0] = a;
  const exponent = Math.max(-14, ((word[0] as number) >>> 23) - 127);
  // The number in units of its last half precision bit; a carry into the exponent comes out right by itself.
  const units = roundToEven(a / 2 ** (exponent - 10));
  return sign | (units + (exponent + 14) * 1024);
}

/** The float32 of a bfloat16 number: exact. */
export function fromBrain(bits: number): number {
  word[0] = bits << 16;
  return float[0] as number;
}

/** The bfloat16 number nearest to the float32 number x, ties to even. */
export function toBrain(x: number): number {
  if (Number.isNaN(x)) return 0x7fc0;
  float[0] = x;
  const bits = word[0] as number;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

function roundToEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  return rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down;
}
