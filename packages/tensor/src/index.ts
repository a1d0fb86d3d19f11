export * from "./ops.ts";
export { Key, foldIn, key, keyFromJSON, split } from "./key.ts";
export { bernoulli, categorical, draw, gumbel, normal, randint, truncatedNormal, uniform } from "./random.ts";
export {
  bits, erf as erfNumber, erfInv as erfInvNumber, gumbelArray, normalArray, permutation, truncatedNormalArray, uniformArray,
} from "./random-host.ts";
export { compile, type Compiled } from "./compile.ts";
export { settle } from "./settle.ts";
export { useBackend, type BackendChoice, type BackendName } from "./use-backend.ts";
