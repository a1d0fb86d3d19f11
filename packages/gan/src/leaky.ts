import { leakyRelu, mul, type Tensor, tidy } from "@gen/tensor";

/** Leaky relu of slope 0.2 times √2, which keeps the size of its input. The caller disposes of the result. */
export const leaky = (x: Tensor): Tensor => tidy(() => mul(Math.SQRT2, leakyRelu(x, 0.2)));
