import { hutchinsonDivergence } from "@gen/probability";
import { dequantized, logLikelihood, rk4 } from "@gen/samplers";
import { uniformGrid } from "@gen/schedules";
import { add, foldIn, mul, round, type Tensor, tidy } from "@gen/tensor";
import type { HeldOut, LogLikelihoods, Plan } from "../family.ts";
import { likelihoodInBatches } from "../likelihood-batches.ts";
import type { TrainedFlow } from "./flow.ts";

/** Steps of the equation for images; points take those that they need. */
const STEPS = 10;

/**
 * Log-likelihoods by the flow's equation: of points, exact up to the solver's error; of dequantised images, by one draw
 * of Hutchinson's estimate of the divergence.
 */
export async function flowLikelihood(
  { model, denoiser: { path, prediction }, examples }: TrainedFlow,
  heldOut: HeldOut,
  plan: Plan,
): Promise<LogLikelihoods> {
  const points = examples.shape.length === 1;
  // Not the compiled one, which has no gradient.
  const denoiser = {
    path,
    prediction,
    predict: (x: Tensor, t: Tensor, labels?: Tensor): Tensor => model.forward(x, t, { labels }),
  };
  const batch = points ? 1000 : 50;
  const score = async (data: Tensor, labels: Tensor | undefined, first: number) => {
    const { nats, latents } = await logLikelihood({
      denoiser,
      data,
      ...(labels && { condition: labels }),
      ...(plan.signal && { signal: plan.signal }),
      ...(!points && {
        times: uniformGrid(STEPS),
        solver: rk4,
        divergence: (field: (x: Tensor) => Tensor, x: Tensor) =>
          hutchinsonDivergence(field, x, foldIn(plan.key, 2 * first + 1)),
      }),
    });
    const values = await nats.data();
    nats.dispose();
    latents.dispose();
    return values;
  };
  const nats = await likelihoodInBatches(
    heldOut,
    examples,
    batch,
    plan,
    async ({ images, labels, first }) => {
      if (points) return score(images, undefined, first);
      // From [-1, 1] back to the 256 levels, and noise between them.
      const data = tidy(() =>
        dequantized(foldIn(plan.key, 2 * first), round(mul(add(images, 1), 127.5)) as Tensor),
      );
      try {
        return await score(data, labels, first);
      } finally {
        data.dispose();
      }
    },
  );
  return points
    ? { kind: "exact, by the flow's equation", of: "points", nats }
    : {
        kind: `Hutchinson's estimate, ${STEPS} steps of the flow's equation`,
        of: "dequantised images of 256 levels",
        nats,
        binWidth: 2 / 256,
      };
}
