import { type GradConfig, mul, softmax, sub, sum } from "@tensorflow/tfjs-core";
import { gradient } from "./define.ts";

export const softmaxGradients: readonly GradConfig[] = [
  gradient<"logits", { dim: number }>("Softmax", ["logits"], (dy, { logits }, { dim }) => ({
    logits: () => {
      const y = softmax(logits, dim);
      return mul(y, sub(dy, sum(mul(dy, y), dim, true)));
    },
  })),
];
