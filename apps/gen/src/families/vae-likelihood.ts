import { compile, foldIn, type Key, key, type Tensor } from "@gen/tensor";
import { elbo, logLikelihood } from "@gen/vae";
import { binarized } from "../batches.ts";
import type { Dataset } from "../dataset.ts";
import type { HeldOut, LogLikelihoods, Plan } from "../family.ts";
import { likelihoodInBatches } from "../likelihood-batches.ts";
import { heldOutOf } from "../likelihood-report.ts";
import type { Output } from "../output.ts";
import { isBinary, type TrainedVAE } from "./vae-model.ts";

/** Held-out examples as the likelihood takes them. Binarised ones are always the same draw, whatever the seed. */
function asData({ config }: TrainedVAE, heldOut: HeldOut): { data: HeldOut; of: string } {
  if (isBinary(config)) {
    const numbers = binarized(heldOut.numbers, key(0));
    return { data: { ...heldOut, numbers }, of: "binarised images" };
  }
  if (config.data.name === "points") return { data: heldOut, of: "points" };
  const { likelihood } = config;
  const levels = likelihood.name === "discretizedLogistic" ? likelihood.levels : undefined;
  return { data: heldOut, of: levels ? `images of ${levels} levels` : "images as real numbers" };
}

const SAMPLES = 500;

/** By importance sampling; of a conditional model, given the labels. */
export async function vaeLikelihood(
  trained: TrainedVAE,
  heldOut: HeldOut,
  plan: Plan,
): Promise<LogLikelihoods> {
  const { model, examples, config } = trained;
  const { data, of } = asData(trained, heldOut);
  const batch = Math.min(heldOut.count, examples.shape.length === 1 ? 2000 : 100);
  const nats = await likelihoodInBatches(
    data,
    examples,
    batch,
    plan,
    async ({ images, labels, first }) => {
      const noiseKey = foldIn(plan.key, first);
      const log = await logLikelihood({
        model,
        images,
        condition: labels,
        key: noiseKey,
        samples: SAMPLES,
        atOnce: 50,
      });
      try {
        return await log.data();
      } finally {
        log.dispose();
      }
    },
  );
  return {
    kind: `lower bound (IWAE, ${SAMPLES} samples)${config.conditional ? ", given the labels" : ""}`,
    of,
    nats,
    ...(config.likelihood.name === "discretizedLogistic" && { binWidth: 1 }),
  };
}

/** Draws of the latents for each example: the bound's own noise is then below 0.1 nats in the mean. */
const DRAWS = 10;

/** Tells the evidence lower bound of the held-out examples. */
export async function tellBound(
  trained: TrainedVAE,
  dataset: Dataset,
  output: Output,
): Promise<void> {
  const heldOut = heldOutOf(dataset);
  if (heldOut.count === 0) return;
  const { model, examples } = trained;
  const { data, of } = asData(trained, heldOut);
  const bound = compile((images: Tensor, k: Key, condition: Tensor | undefined) =>
    elbo({ model, images, key: k, condition }),
  );
  const batch = Math.min(heldOut.count, 500);
  const nats = await likelihoodInBatches(data, examples, batch, {}, async (part) => {
    const sums = new Float64Array(batch);
    for (let i = 0; i < DRAWS; i++) {
      const drawn = bound(part.images, foldIn(foldIn(key(0), part.first), i), part.labels);
      (await drawn.elbo.data()).forEach((value, at) => (sums[at] = sums[at]! + value / DRAWS));
      for (const tensor of Object.values(drawn)) tensor.dispose();
    }
    return sums;
  });
  bound.dispose();
  const mean = nats.reduce((sum, value) => sum + value, 0) / heldOut.count;
  output.say(`ELBO of ${heldOut.count} held-out examples (${of}): ${mean.toFixed(2)} nats`);
  output.event("elbo", { heldOut: heldOut.count, of, nats: mean });
}
