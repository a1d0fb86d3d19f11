export { annealedLangevin, type AnnealedLangevinOptions } from "./annealed-langevin.ts";
export { reverseDiffusion } from "./reverse-diffusion.ts";
export { predictorCorrector, type PredictorCorrectorOptions } from "./predictor-corrector.ts";
