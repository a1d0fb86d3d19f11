export { fromFloat32, toFloat32 } from "./convert.ts";
export type { Dtype, DtypeArrays, StoredTensor } from "./dtype.ts";
export type { HalfDtype } from "./half.ts";
export { parse, type Parsed } from "./parse.ts";
export { serialize } from "./serialize.ts";
