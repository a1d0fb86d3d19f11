export { consistency } from "./consistency.ts";
export { trajectoryConsistency } from "./trajectory-consistency.ts";
