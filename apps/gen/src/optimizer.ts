import {
  adamw,
  chain,
  clipByGlobalNorm,
  constant,
  cosine,
  type Transform,
  warmUp,
} from "@gen/train";
import type { OptimizerConfig } from "./config.ts";

/** AdamW behind a clipped gradient, its rate warmed up and, if so configured, falling to 0 along a cosine. */
export function createOptimizer({
  optimizer,
  steps,
}: {
  optimizer: OptimizerConfig;
  steps: number;
}): Transform {
  const { learningRate, warmup, schedule, beta1, beta2, weightDecay, clipNorm } = optimizer;
  const rate =
    schedule === "cosine" ? cosine({ from: learningRate, steps }) : constant(learningRate);
  return chain(
    clipByGlobalNorm(clipNorm),
    adamw({ learningRate: warmup > 0 ? warmUp(warmup, rate) : rate, beta1, beta2, weightDecay }),
  );
}
