import type { Interval } from "@gen/metrics";
import { shortNumber, withInterval } from "../describe-scores.ts";
import { formatDuration, formatShare } from "../format.ts";
import type { FinishedRow } from "./comparison.ts";

/** A number and how it is written, or why there is none. */
export type Cell = { readonly value: number; readonly text: string } | { readonly why: string };

/** Something that families are compared by. */
export interface Column {
  readonly name: string;
  readonly title: string;
  readonly about: string;
  cell(row: FinishedRow): Cell;
  /** What examples of the data that were not trained on reach, in place of samples; any row tells. */
  data?(row: FinishedRow): number | null | undefined;
}

const NO_CLASSIFIER = "no classifier";
const FEW = "too few samples";
const NO_MODES = "the set has no modes that are known";

function scored(
  read: (scores: NonNullable<NonNullable<FinishedRow["images"]>["scores"]>) => [number, Interval],
): (row: FinishedRow) => Cell {
  return ({ images }) => {
    if (!images) return { why: NO_CLASSIFIER };
    if (!images.scores) return { why: FEW };
    const [value, interval] = read(images.scores);
    return { value, text: withInterval(value, interval) };
  };
}

const images: Column[] = [
  {
    name: "fid",
    title: "Fréchet distance",
    about: "of the samples to the training images, in the classifier's features; lower is better",
    cell: scored(({ frechet }) => [frechet.distance, frechet.interval]),
    data: (row) => row.images?.heldOutFid,
  },
  {
    name: "kid",
    title: "Kernel distance",
    about: "the same by a polynomial kernel; lower is better",
    cell: scored(({ kernel }) => [kernel.distance, kernel.interval]),
  },
  {
    name: "precision",
    title: "Precision",
    about: "the share of samples that lie among the images; higher is better",
    cell: scored(({ precisionRecall: p }) => [p.precision, p.precisionInterval]),
  },
  {
    name: "recall",
    title: "Recall",
    about: "the share of images that lie among the samples; higher is better",
    cell: scored(({ precisionRecall: p }) => [p.recall, p.recallInterval]),
  },
  {
    name: "labelAccuracy",
    title: "Read as asked",
    about: "the share of samples that the classifier reads as the label asked for",
    cell: ({ images: scores }) => {
      if (!scores) return { why: NO_CLASSIFIER };
      const value = scores.labelAccuracy;
      return value === null
        ? { why: "its samples have no labels" }
        : { value, text: formatShare(value) };
    },
    data: (row) => row.images?.heldOutAccuracy,
  },
];

const points: Column[] = [
  {
    name: "slicedWasserstein",
    title: "Sliced Wasserstein distance",
    about: "of the samples to points of the data that were not trained on; lower is better",
    cell: ({ points: scores }) =>
      scores
        ? {
            value: scores.slicedWasserstein.distance,
            text: shortNumber(scores.slicedWasserstein.distance),
          }
        : { why: "not points" },
    data: (row) => row.points?.realSlicedWasserstein,
  },
  {
    name: "mmd",
    title: "Squared mean discrepancy",
    about: "the same by a Gaussian kernel; lower is better, about 0 is as good as the data",
    cell: ({ points: scores }) =>
      scores
        ? { value: scores.mmd.squared, text: withInterval(scores.mmd.squared, scores.mmd.interval) }
        : { why: "not points" },
  },
  {
    name: "modes",
    title: "Modes hit",
    about: "of those that the data has",
    cell: ({ points: scores }) =>
      scores?.modes
        ? { value: scores.modes.hit, text: `${scores.modes.hit} of ${scores.modes.modes}` }
        : { why: NO_MODES },
  },
  {
    name: "inModes",
    title: "In a mode",
    about:
      "the share of samples within 3 standard deviations of a mode; 98.9 % is as good as the data",
    cell: ({ points: scores }) =>
      scores?.modes
        ? {
            value: scores.modes.highQualityShare,
            text: formatShare(scores.modes.highQualityShare),
          }
        : { why: NO_MODES },
  },
];

const likelihood: Column = {
  name: "nats",
  title: "Log-likelihood",
  about:
    "of held-out examples, in nats an example; compare only those of one kind, of the same numbers",
  cell: ({ likelihood: found }) =>
    found
      ? {
          value: found.nats,
          text: `${withInterval(found.nats, found.interval)}; ${found.kind}, of ${found.of}`,
        }
      : { why: "this family has none" },
  data: (row) => row.likelihood?.trueNats,
};

const bits: Column = {
  name: "bitsPerDimension",
  title: "Bits per dimension",
  about: "the same for each number of an image; lower is better",
  cell: ({ likelihood: found }) => {
    if (!found) return { why: "this family has no likelihood" };
    const value = found.bitsPerDimension;
    return value === null ? { why: `not of ${found.of}` } : { value, text: shortNumber(value) };
  },
};

const costs: Column[] = [
  {
    name: "parameters",
    title: "Parameters",
    about: "that were learned",
    cell: ({ parameters: value }) => ({ value, text: value.toLocaleString("en") }),
  },
  {
    name: "trainingSeconds",
    title: "Training time",
    about: "minutes and seconds on this machine",
    cell: ({ trainingSeconds: value }) => ({ value, text: formatDuration(value) }),
  },
  {
    name: "steps",
    title: "Steps",
    about: "of training",
    cell: ({ steps: value }) => ({ value, text: value.toLocaleString("en") }),
  },
  {
    name: "trainingExamples",
    title: "Examples seen",
    about: "in training, each as often as it was",
    cell: ({ trainingExamples: value }) => ({ value, text: value.toLocaleString("en") }),
  },
  {
    name: "samples",
    title: "Samples",
    about:
      "drawn and scored; fewer of who is slow to draw them, which makes distances to the data larger",
    cell: ({ samples: value }) => ({ value, text: value.toLocaleString("en") }),
  },
  {
    name: "samplingSeconds",
    title: "Time for one sample",
    about: "when many are drawn, after one batch that is not counted",
    cell: ({ samplingSeconds: value }) => ({ value, text: formatSeconds(value) }),
  },
];

/** The columns for images, or for points. The first is what rows are ordered by. */
export function columnsOf(kind: "images" | "points"): readonly Column[] {
  return kind === "images"
    ? [...images, likelihood, bits, ...costs]
    : [...points, likelihood, ...costs];
}

/** The best first; those without the first column's number last, as they came. */
export function ordered(rows: readonly FinishedRow[], columns: readonly Column[]): FinishedRow[] {
  const place = (row: FinishedRow): number => {
    const cell = (columns[0] as Column).cell(row);
    return "value" in cell ? cell.value : Infinity;
  };
  return rows.toSorted((a, b) => (place(a) === place(b) ? 0 : place(a) - place(b)));
}

function formatSeconds(seconds: number): string {
  if (seconds >= 1) return `${shortNumber(seconds)} s`;
  if (seconds >= 1e-3) return `${shortNumber(1e3 * seconds)} ms`;
  return `${shortNumber(1e6 * seconds)} µs`;
}
