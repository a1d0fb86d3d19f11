// Digits and a few signs, 3 by 5 pixels: rows from the top, one bit a pixel, the left one highest.
const glyphs: Record<string, readonly number[]> = {
  "0": [7, 5, 5, 5, 7],
  "1": [2, 6, 2, 2, 7],
  "2": [7, 1, 7, 4, 7],
  "3": [7, 1, 7, 1, 7],
  "4": [5, 5, 7, 1, 1],
  "5": [7, 4, 7, 1, 7],
  "6": [7, 4, 7, 5, 7],
  "7": [7, 1, 1, 2, 2],
  "8": [7, 5, 7, 5, 7],
  "9": [7, 5, 7, 1, 7],
  ".": [0, 0, 0, 0, 2],
  "-": [0, 0, 7, 0, 0],
  "=": [0, 7, 0, 7, 0],
  t: [2, 7, 2, 2, 3],
};

/** Calls `dot` for every pixel of a text, `scale` pixels wide each, its top left corner at (x, y). */
export function drawText(
  text: string,
  x: number,
  y: number,
  scale: number,
  dot: (x: number, y: number) => void,
): void {
  for (const [index, letter] of [...text].entries()) {
    for (const [row, bits] of (glyphs[letter] ?? []).entries()) {
      for (let column = 0; column < 3; column++) {
        if (!(bits & (4 >> column))) continue;
        for (let i = 0; i < scale * scale; i++) {
          dot(
            x + (index * 4 + column) * scale + (i % scale),
            y + row * scale + Math.floor(i / scale),
          );
        }
      }
    }
  }
}

/** How wide such a text is. */
export function textWidth(text: string, scale: number): number {
  return Math.max(0, text.length * 4 - 1) * scale;
}
