import type { Family } from "../family.ts";
import { classifier } from "./classifier.ts";
import { flow } from "./flow.ts";
import { maf, realnvp } from "./normalizing-flow.ts";

/** All families, as help lists them. */
export const families: readonly Family[] = [flow, realnvp, maf, classifier];
