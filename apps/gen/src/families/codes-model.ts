import {
  autoregressiveLoss,
  CausalTransformer,
  dropLabels,
  tokenSampler,
} from "@gen/autoregressive";
import { state } from "@gen/nn";
import { compile, foldIn, key, reshape, type Tensor, tensor, tidy } from "@gen/tensor";
import { type Ema, trainStep } from "@gen/train";
import { convVQVAE, type VQVAE } from "@gen/vae";
import { type Dataset, normalized } from "../dataset.ts";
import { type Examples, sizeOf } from "../examples.ts";
import { misuse } from "../failure.ts";
import type { SamplePlan, Trained } from "../family.ts";
import { inParts } from "../in-parts.ts";
import { createOptimizer } from "../optimizer.ts";
import { drawInBatches } from "../sample-batches.ts";
import { guidanceSetting, numberSetting, type ValuesOf, wholeSetting } from "../settings.ts";
import { disposeWeights, parameterCount } from "../trained-weights.ts";
import { drawnShards } from "../shards.ts";
import type { CodesRun } from "./codes-config.ts";
import type { Stage } from "./stages.ts";

/** An autoencoder of discrete codes and a prior over them. */
export interface CodesModel {
  readonly autoencoder: VQVAE;
  readonly prior: CausalTransformer;
  /** The shape of an image's codes: a map, and a third axis where a vector has several. */
  readonly map: readonly number[];
}

/** @param variance of the autoencoder's Gaussian likelihood */
export function createCodesModel(
  { seed, model, quantizer, prior }: CodesRun,
  { shape, classes }: Examples,
  variance: number,
): CodesModel {
  const modelKey = foldIn(key(seed), 0);
  const [height, width, inChannels] = shape;
  if (inChannels === undefined || height !== width) {
    throw misuse(`Codes are of square images, not of examples of ${shape.join("×")}.`);
  }
  const { kind: _kind, ...sizes } = model;
  try {
    const autoencoder = convVQVAE(foldIn(modelKey, 0), {
      ...sizes,
      imageSize: height as number,
      inChannels,
      quantizer,
      likelihood: { name: "gaussian", variance },
    });
    const side = (height as number) / 2 ** model.channels.length;
    const { codes, depth } = autoencoder.quantizer;
    const map = [side, side, ...(depth > 1 ? [depth] : [])];
    return {
      autoencoder,
      map,
      prior: new CausalTransformer(foldIn(modelKey, 1), {
        vocabulary: codes,
        maxTokens: side * side * depth,
        width: prior.width,
        depth: prior.depth,
        heads: prior.heads,
        classes,
      }),
    };
  } catch (error) {
    throw misuse(error instanceof Error ? error.message : String(error));
  }
}

/** Puts a learnt codebook where the encoder's vectors of some training images are. */
export function startCodes({ autoencoder }: CodesModel, dataset: Dataset, seed: number): void {
  if (dataset.kind !== "images") return;
  const { training, examples } = dataset;
  const count = Math.min(training.count, 512);
  const size = sizeOf(examples);
  const images = tensor(normalized({ ...training, count }).subarray(0, count * size), [
    count,
    ...examples.shape,
  ]);
  autoencoder.start(images, foldIn(key(seed), 5));
  images.dispose();
}

/** The training of the prior. It sees the codes of the images, and labels, some of them dropped. */
export function priorStage(
  config: CodesRun,
  { autoencoder, prior }: CodesModel,
  { classes }: Examples,
  ema: Ema,
): Stage {
  const { steps, learningRate, labelDropout } = config.prior;
  const trainee = trainStep({
    parameters: state(prior),
    ema,
    loss: ({ images, labels }, k) =>
      tidy(() => {
        const codes = autoencoder.encode(images as Tensor);
        const tokens = reshape(codes, [codes.shape[0] as number, -1]);
        return autoregressiveLoss({
          model: prior,
          tokens,
          ...(labels &&
            classes > 0 && {
              labels: dropLabels({ key: k, labels, classes, probability: labelDropout }),
            }),
        });
      }),
    optimizer: createOptimizer({ optimizer: { ...config.optimizer, learningRate }, steps }),
  });
  return { name: "prior", trainee, steps };
}

/** How codes are drawn. */
export const codesSettingsOfSampling = {
  temperature: numberSetting("Logits of codes are divided by it", {
    low: 0.01,
    high: 100,
    fallback: 1,
  }),
  topK: wholeSetting("Only so many of the likeliest codes; 0 for all", { low: 0, fallback: 0 }),
  guidanceScale: guidanceSetting("Strength of classifier-free guidance of the codes", 1.5),
};

export type CodesSampling = typeof codesSettingsOfSampling;

/** Images as codes, for use. */
export interface TrainedCodes extends Trained, CodesModel {
  readonly examples: Examples;
  /** Images in [-1, 1], one after another, to indices. */
  encode(numbers: Float32Array): Promise<Int32Array>;
  /** Indices to images. */
  decode(indices: Int32Array): Promise<Float32Array>;
  draw(plan: SamplePlan<ValuesOf<CodesSampling>>): Promise<Float32Array>;
}

const AT_ONCE = 200;
const DRAWN = 100;

export function trainedCodes(model: CodesModel, examples: Examples): TrainedCodes {
  const { autoencoder, prior, map } = model;
  const size = sizeOf(examples);
  const codes = map.reduce((product, n) => product * n, 1);
  const encoder = compile((x: Tensor) => autoencoder.encode(x));
  const decoder = compile((indices: Tensor) => autoencoder.decode(indices));
  const decode = (indices: Int32Array): Promise<Float32Array> =>
    inParts(indices.length / codes, AT_ONCE, (first, here) =>
      tidy(() => {
        const rows = indices.subarray(first * codes, (first + here) * codes);
        return decoder(tensor(rows, [here, ...map], "int32"));
      }),
    );
  return {
    ...model,
    examples,
    parameters: parameterCount(autoencoder) + parameterCount(prior),
    async encode(numbers) {
      const indices = await inParts(numbers.length / size, AT_ONCE, (first, here) =>
        tidy(() => {
          const rows = numbers.subarray(first * size, (first + here) * size);
          return encoder(tensor(rows, [here, ...examples.shape]));
        }),
      );
      return Int32Array.from(indices);
    },
    decode,
    async draw(plan) {
      const { temperature, topK, guidanceScale } = plan.settings;
      const sampler = tokenSampler({
        model: prior,
        batch: DRAWN,
        shards: drawnShards(DRAWN),
        temperature,
        ...(topK > 0 && { topK }),
        ...(examples.classes > 0 && { guidance: { scale: guidanceScale } }),
      });
      try {
        return await drawInBatches(plan, examples, DRAWN, async ({ first, labels }) => {
          const tokens = await sampler.sample({
            key: foldIn(plan.key, first),
            ...(labels && { labels }),
            ...(plan.signal && { signal: plan.signal }),
          });
          try {
            return await decode(Int32Array.from(await tokens.data()));
          } finally {
            tokens.dispose();
          }
        });
      } finally {
        sampler.dispose();
      }
    },
    dispose() {
      encoder.dispose();
      decoder.dispose();
      disposeWeights(autoencoder);
      disposeWeights(prior);
    },
  };
}
