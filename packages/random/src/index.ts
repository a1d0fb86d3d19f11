export { Key, foldIn, key, keyFromJSON, split, type KeyOrigin } from "./key.ts";
export {
  bits, erf, erfInv, gumbelArray, normalArray, permutation, truncatedNormalArray, uniformArray,
} from "./arrays.ts";
