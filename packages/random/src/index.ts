export { Key, foldIn, key, keyFromJSON, split, type KeyOrigin } from "./key.ts";
export {
  bits,
  gumbelArray,
  normalArray,
  permutation,
  truncatedNormalArray,
  uniformArray,
} from "./arrays.ts";
export { erf, erfInv } from "./error-function.ts";
