import { checkCount } from "./check.ts";

/** Which steps of a table a sampler visits. */
export type Spacing = "linspace" | "leading" | "trailing";

/**
 * The times of a sampler on a `betaPath`: some of T … 1, and then 0. Of 1000 in 10 steps, by its name in diffusers (Lin
 * et al. 2023, arXiv:2305.08891, table 2):
 *
 * - `linspace`: 1000, 889, … 112, 1, evenly from the last to the first;
 * - `leading`: 901, 801, … 101, 1, every T/steps from the first; it never sees the end. DDIM's;
 * - `trailing`: 1000, 900, … 200, 100, every T/steps from the last.
 *
 * A network that counts from 0 is asked at t - 1: 999, 888, … there.
 *
 * @param total how many steps the table has, `path.end`
 * @param steps how many to visit, at most `total`
 * @param offset is added to the times of `leading`: 1 for Stable Diffusion. Default 0.
 * @returns `steps + 1` falling numbers
 * @throws if there are more steps than times, or the offset leaves the table
 */
export function tableGrid(total: number, steps: number, spacing: Spacing, offset = 0): number[] {
  checkCount("tableGrid", "total", total);
  checkSteps("tableGrid", total, steps);
  if (!Number.isInteger(offset) || offset < 0 || (offset > 0 && spacing !== "leading")) {
    throw new Error(
      `tableGrid: offset must be a non-negative integer, and 0 unless the spacing is leading, got ${offset} for ${spacing}`,
    );
  }
  const place: Record<Spacing, (i: number) => number> = {
    linspace: (i) =>
      steps === 1 ? total : 1 + halfEven(((steps - 1 - i) * (total - 1)) / (steps - 1)),
    leading: (i) => 1 + (steps - 1 - i) * Math.floor(total / steps) + offset,
    trailing: (i) => halfEven(total - (i * total) / steps),
  };
  if (!Object.hasOwn(place, spacing)) {
    throw new Error(
      `tableGrid: spacing must be linspace, leading or trailing, got ${String(spacing)}`,
    );
  }
  const times = Array.from({ length: steps }, (_, i) => place[spacing](i));
  if ((times[0] as number) > total) {
    throw new Error(
      `tableGrid: offset ${offset} moves the first time to ${times[0]}, beyond the table's ${total}; take fewer steps or a lower offset`,
    );
  }
  return [...times, 0];
}

/**
 * A subset of a table's times by the strings of improved diffusion: `"ddim50"` visits 50 with one whole stride; `"10,15,20"`
 * cuts the table into as many sections and visits so many of each, evenly from the first to the last (Nichol and
 * Dhariwal 2021, arXiv:2102.09672, section 4).
 *
 * @param total how many steps the table has, `path.end`
 * @returns falling times, T at most, and then 0
 * @throws if no stride gives so many, or a section is too small
 */
export function sectionedGrid(total: number, sections: string | readonly number[]): number[] {
  checkCount("sectionedGrid", "total", total);
  if (typeof sections === "string" && sections.startsWith("ddim")) {
    const wanted = Number(sections.slice(4));
    checkSteps("sectionedGrid", total, wanted);
    for (let stride = 1; stride < total; stride++) {
      if (Math.ceil(total / stride) === wanted) return strided(total, stride);
    }
    throw new Error(
      `sectionedGrid: no whole stride takes ${wanted} of ${total} steps, got ${sections}; try a divisor of ${total}`,
    );
  }
  const counts = typeof sections === "string" ? sections.split(",").map(Number) : sections;
  if (counts.length === 0 || counts.length > total) {
    throw new Error(`sectionedGrid: sections must be 1 to ${total} numbers, got ${counts.length}`);
  }
  const [size, extra] = [Math.floor(total / counts.length), total % counts.length];
  let start = 1;
  const times = counts.flatMap((count, i) => {
    const here = size + (i < extra ? 1 : 0);
    checkSteps("sectionedGrid", here, count);
    const stride = count > 1 ? (here - 1) / (count - 1) : 1;
    const first = start;
    start += here;
    return Array.from({ length: count }, (_, j) => first + halfEven(j * stride));
  });
  return [...times.reverse(), 0];
}

function strided(total: number, stride: number): number[] {
  const times = Array.from({ length: Math.ceil(total / stride) }, (_, i) => 1 + i * stride);
  return [...times.reverse(), 0];
}

function checkSteps(name: string, total: number, steps: number): void {
  if (!(Number.isInteger(steps) && steps >= 1 && steps <= total)) {
    throw new Error(`${name}: steps must be an integer from 1 to ${total}, got ${steps}`);
  }
}

/** Rounds halves to the even number, as NumPy and Python do. */
function halfEven(x: number): number {
  const floor = Math.floor(x);
  const over = x - floor;
  if (over !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}
