export { registerGradients } from "./register.ts";
export { stopGradient } from "./stop-gradient.ts";
export { logSoftmax } from "./log-softmax.ts";
export { divNoNan } from "./div-no-nan.ts";
