export { dequantized, type DequantizedOptions } from "./dequantized.ts";
export { logLikelihood, type LogLikelihoodOptions } from "./log-likelihood.ts";
