export { trained, type TrainedOptions } from "./trained.ts";
