import type { DataConfig, RunConfig } from "../config.ts";
import type { Measured } from "../measure.ts";

/** How long each family trains: so long, or on so many examples. */
export type Budget = { readonly minutes: number } | { readonly examples: number };

/** What all families of a comparison have in common. */
export interface ComparisonPlan {
  readonly preset: string;
  readonly set: readonly string[];
  readonly data: DataConfig;
  readonly budget: Budget;
  /** Samples drawn of each. */
  readonly count: number;
  /** At most so many held-out examples have their likelihood taken. */
  readonly heldOut: number;
  readonly seed: number;
}

/** A comparison, as compare.json holds it. */
export interface Comparison {
  readonly plan: ComparisonPlan;
  readonly backend: string;
  /** Who judges images; null for points. */
  readonly classifier: { readonly hash: string; readonly heldOutAccuracy: number | null } | null;
  readonly rows: readonly Row[];
}

export type Row = FinishedRow | FailedRow;

/** A family that could not be trained or measured. */
export interface FailedRow {
  readonly task: string;
  readonly failed: string;
}

/** A family that was trained and measured. */
export interface FinishedRow extends Measured {
  readonly task: string;
  readonly config: RunConfig;
  readonly parameters: number;
  readonly steps: number;
  /** Seen in training, each as often as it was. */
  readonly trainingExamples: number;
  readonly trainingSeconds: number;
  /** How many were drawn: as many as planned, or fewer where that would take longer than the training. */
  readonly samples: number;
  /** Of one sample, when many are drawn. */
  readonly samplingSeconds: number;
  /** How the samples were drawn: the family's usual settings. */
  readonly sampling: Readonly<Record<string, number | string>>;
}

export function describeBudget(budget: Budget): string {
  return "minutes" in budget
    ? `${budget.minutes} minutes of training`
    : `${budget.examples.toLocaleString("en")} training examples`;
}
