import { type Init, init } from "@gen/nn";

/** Normal with the deviation that leaky relu of slope 0.2 asks for, √(2 / (1.04·fanIn)): arXiv:1502.01852, eq. 15. */
export const heNormal: Init = (key, shape, fan) =>
  init.normal(Math.sqrt(2 / ((1 + 0.2 ** 2) * fan.in)))(key, shape, fan);
