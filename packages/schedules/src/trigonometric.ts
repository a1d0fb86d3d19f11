import type { Path } from "./path.ts";

const QUARTER = Math.PI / 2;

/**
 * The circular path, a = cos(πt/2), b = sin(πt/2): the continuous cosine schedule of Salimans and Ho 2022
 * (arXiv:2202.00512, section 4), the trigonometric interpolant of Albergo and Vanden-Eijnden 2022 (arXiv:2209.15571).
 * It preserves variance: a² + b² = 1. It has no offset s: it is not the 1,000-step table of Nichol and Dhariwal.
 */
export const trigonometric: Path = {
  name: "trigonometric",
  end: 1,
  // The cosine of π/2 as it is rounded is not 0.
  a: (t) => (t === 1 ? 0 : Math.cos(QUARTER * t)),
  b: (t) => Math.sin(QUARTER * t),
  aPrime: (t) => -QUARTER * Math.sin(QUARTER * t),
  bPrime: (t) => QUARTER * Math.cos(QUARTER * t),
  logSnr: (t) => (t === 1 ? -Infinity : -2 * Math.log(Math.tan(QUARTER * t))),
  inverseLogSnr: (logSnr) => Math.atan(Math.exp(-logSnr / 2)) / QUARTER,
};
