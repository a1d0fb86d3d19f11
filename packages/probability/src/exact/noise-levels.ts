/**
 * Noise levels in a falling geometric sequence, σᵢ = largest·(smallest/largest)^(i/(count-1)) (Song and Ermon 2019,
 * arXiv:1907.05600, section 3.1: ten levels from 1 to 0.01; 2020, arXiv:2006.09011, technique 2 on how many).
 */
export function geometricNoiseLevels(largest: number, smallest: number, count: number): number[] {
  if (!(smallest > 0 && smallest < largest && largest < Infinity)) {
    throw new Error(
      `geometricNoiseLevels: expected 0 < smallest < largest, got largest ${largest} and smallest ${smallest}`,
    );
  }
  if (!Number.isInteger(count) || count < 2) {
    throw new Error(`geometricNoiseLevels: count must be a whole number ≥ 2, got ${count}`);
  }
  const ratio = smallest / largest;
  return Array.from({ length: count }, (_, i) => largest * ratio ** (i / (count - 1)));
}
