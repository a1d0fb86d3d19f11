export { relativeError, expectClose } from "./close.ts";
export { fixture } from "./fixture.ts";
