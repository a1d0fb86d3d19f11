import { misuse } from "./failure.ts";

/** As many labels as asked for, evenly over the wanted classes, in order: 0, 1, …, 9, 0, 1, … */
export function spreadLabels(count: number, classes: readonly number[]): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => classes[i % classes.length] ?? 0);
}

/** 0, 1, …, classes − 1. */
export function allClasses({ classes }: { classes: number }): number[] {
  return Array.from({ length: classes }, (_, i) => i);
}

/** «all» or «3,7»: the classes asked for. */
export function parseLabels(text: string, classes: number): number[] {
  if (text === "all") return allClasses({ classes });
  if (classes === 0)
    throw misuse(`--labels ${text}: this model was trained without labels; leave it out.`);
  return text.split(",").map((item) => {
    const label = Number(item);
    if (!/^\s*\d+\s*$/.test(item) || label >= classes) {
      throw misuse(
        `--labels ${text}: "${item}" is not a label; there are 0 to ${classes - 1}, or all.`,
      );
    }
    return label;
  });
}
