import { clone, parameters, state } from "@gen/nn";
import { codeStatistics } from "@gen/vae";
import { psnr } from "@gen/metrics";
import { dispose, type Tensor, tensor, zeros } from "@gen/tensor";
import { Ema, warmedUpDecay } from "@gen/train";
import { exampleBatch } from "../batches.ts";
import type { Dataset } from "../dataset.ts";
import type { Examples } from "../examples.ts";
import { exampleInput, labelInputs, labelNames } from "../export-inputs.ts";
import { misuse } from "../failure.ts";
import type { Family, Found, Scene, Training } from "../family.ts";
import { growingSamples } from "../growing-samples.ts";
import type { Png } from "../image-grid.ts";
import { heldOutOf } from "../likelihood-report.ts";
import type { Output } from "../output.ts";
import { colors, drawCharts } from "../plot/chart.ts";
import { disposeWeights, loadAverage, loadWeights } from "../trained-weights.ts";
import { type CodesRun, quantizers } from "./codes-config.ts";
import {
  type CodesModel,
  type CodesSampling,
  codesSettingsOfSampling,
  createCodesModel,
  priorStage,
  startCodes,
  type TrainedCodes,
  trainedCodes,
} from "./codes-model.ts";
import { pairedRows, someImages } from "../image-rows.ts";
import { inStages, type Stage } from "./stages.ts";

/** What families of images as codes differ in. */
export interface CodesFamily<C extends CodesRun> extends Pick<
  Family<C, TrainedCodes, CodesSampling>,
  "task" | "about" | "examples" | "schema" | "presets" | "trials"
> {
  /** Of the autoencoder's Gaussian likelihood. */
  variance(config: C): number;
  /**
   * The training of the autoencoder, last of these; the prior's comes after.
   *
   * @param steps how many are left for it
   */
  stages(config: C, model: CodesModel, dataset: Dataset, steps: number): FirstStages;
}

export interface FirstStages {
  readonly stages: readonly Stage[];
  /** Frees what only training has. */
  dispose(): void;
}

const COLUMNS = 10;

async function reconstructions(
  { encode, decode, examples }: TrainedCodes,
  dataset: Dataset,
): Promise<Png> {
  const { numbers } = someImages(dataset, 2 * COLUMNS);
  return pairedRows(numbers, await decode(await encode(numbers)), examples, COLUMNS);
}

/** Images of the data as codes, and how often each code occurs. */
async function statistics(
  { encode, autoencoder }: TrainedCodes,
  numbers: Float32Array,
): Promise<{ indices: Int32Array; perplexity: number; usage: number }> {
  const indices = await encode(numbers);
  const codes = tensor(indices, [indices.length], "int32");
  const scalars = codeStatistics(codes, autoencoder.quantizer.codes);
  const [perplexity, usage] = await Promise.all(
    [scalars.perplexity, scalars.usage].map(async (t) => (await t.data())[0] as number),
  );
  dispose([codes, scalars]);
  return { indices, perplexity: perplexity as number, usage: usage as number };
}

/** How often each code occurs in images, the most frequent first. */
async function codebook(trained: TrainedCodes, { dataset }: Scene): Promise<string> {
  const { numbers } = someImages(await dataset(), 1000);
  const { codes } = trained.autoencoder.quantizer;
  const { indices, perplexity, usage } = await statistics(trained, numbers);
  const counts = new Float64Array(codes);
  for (const index of indices) counts[index] = (counts[index] as number) + 1;
  const shares = Array.from(counts, (n) => (100 * n) / indices.length).toSorted((a, b) => b - a);
  return drawCharts(
    [
      {
        title: `${codes} codes: ${Math.round(100 * usage)} % in use, perplexity ${perplexity.toFixed(0)}`,
        x: { label: "code, most frequent first" },
        y: { label: "share, %", low: 0 },
        lines: [
          { points: shares.map((share, i) => [i + 1, share]), color: colors[0] as string },
          {
            points: [
              [1, 100 / codes],
              [codes, 100 / codes],
            ],
            color: colors[1] as string,
          },
        ],
      },
    ],
    {
      width: 480,
      legend: [
        { name: "held-out images", color: colors[0] as string },
        { name: "all codes even", color: colors[1] as string },
      ],
    },
  );
}

/** Tells how well held-out images come back, and how many codes they use. */
async function closing(trained: TrainedCodes, dataset: Dataset, output: Output): Promise<void> {
  const { numbers, count } = heldOutOf(dataset);
  if (count === 0) return;
  const { indices, perplexity, usage } = await statistics(trained, numbers);
  const [height, width, channels] = trained.examples.shape as [number, number, number];
  const restored = (await trained.decode(indices)).map((x) => Math.max(-1, Math.min(1, x)));
  const shape = [count, height, width, channels] as const;
  const { mean } = psnr({ shape, a: numbers, b: restored, range: 2 });
  const square = numbers.reduce((sum, x, i) => sum + (x - (restored[i] as number)) ** 2, 0);
  const together = 10 * Math.log10((4 * numbers.length) / square);
  const { codes } = trained.autoencoder.quantizer;
  output.say(
    `${count} held-out images: PSNR ${mean.toFixed(2)} dB, the mean of each (${together.toFixed(2)} dB of their mean ` +
      `square error); ${Math.round(100 * usage)} % of ${codes} codes in use, perplexity ${perplexity.toFixed(1)}`,
  );
  output.event("codes", { heldOut: count, psnr: mean, psnrOfMean: together, usage, perplexity });
}

/** A family of images as codes: an autoencoder is trained, then a prior over its codes. */
export function codesFamily<C extends CodesRun>({
  variance,
  stages,
  ...told
}: CodesFamily<C>): Family<C, TrainedCodes, CodesSampling> {
  function createModel(config: C, examples: Examples): CodesModel {
    return createCodesModel(config, examples, variance(config));
  }

  function create(config: C, dataset: Dataset): Training {
    const { examples } = dataset;
    const first = config.steps - config.prior.steps;
    if (first < 1) {
      throw misuse(
        `steps must be more than prior.steps, got ${config.steps} and ${config.prior.steps}.`,
      );
    }
    const model = createModel(config, examples);
    startCodes(model, dataset, config.seed);
    const ema = new Ema(parameters(model.prior), warmedUpDecay(config.ema.decay));
    const before = stages(config, model, dataset, first);
    const trainee = inStages([...before.stages, priorStage(config, model, examples, ema)]);
    const { count, guidanceScale } = config.samples;
    const settings = {
      temperature: 1,
      topK: 0,
      guidanceScale: examples.classes > 0 ? guidanceScale : 1,
    };
    let shown: TrainedCodes | undefined;
    return {
      trainee,
      batch: exampleBatch(dataset, config),
      picture: {
        every: config.sampleEvery,
        draw(step) {
          // The autoencoder as it is, and the prior's average.
          const prior = shown?.prior ?? clone(model.prior);
          shown ??= trainedCodes({ ...model, prior }, examples);
          ema.copyTo(parameters(prior));
          const { draw } = shown;
          return step <= first
            ? reconstructions(shown, dataset)
            : growingSamples(config, dataset, count, settings, draw);
        },
      },
      dispose() {
        trainee.dispose();
        before.dispose();
        ema.dispose();
        disposeWeights(model.prior);
        (shown ?? { dispose: () => disposeWeights(model.autoencoder) }).dispose();
      },
    };
  }

  function load(config: C, examples: Examples, found: Found): TrainedCodes {
    const model = createModel(config, examples);
    loadWeights(model.autoencoder, found, "autoencoder.model.");
    loadAverage(model.prior, found, "prior.model.", "prior.ema.");
    return trainedCodes(model, examples);
  }

  return {
    ...told,
    alternatives: { "quantizer.name": quantizers },
    lasting: (config, steps) => ({
      ...config,
      steps,
      prior: {
        ...config.prior,
        steps: Math.max(1, Math.round((config.prior.steps / config.steps) * steps)),
      },
    }),
    create,
    load,
    sampling: {
      settings: codesSettingsOfSampling,
      draw: ({ draw }, plan) => draw(plan),
    },
    pictures: {
      reconstructions: {
        about: "Held-out images, and below each what its codes make of it",
        draw: async (trained, { dataset }) => reconstructions(trained, await dataset()),
      },
      codebook: { about: "How often each code occurs in held-out images", draw: codebook },
    },
    parts: {
      decoder: {
        build: ({ autoencoder, map }) => ({
          fn: (indices) => autoencoder.decode(indices as Tensor),
          inputs: (batch) => [zeros([batch, ...map], "int32")],
          names: { inputs: ["codes"], outputs: ["images"] },
          weights: state(autoencoder),
          metadata: { codes: String(autoencoder.quantizer.codes) },
        }),
      },
      encoder: {
        build: ({ autoencoder }, examples) => ({
          fn: (images) => autoencoder.encode(images as Tensor),
          inputs: (batch) => [exampleInput(examples, batch)],
          names: { inputs: ["images"], outputs: ["codes"] },
          weights: state(autoencoder),
          metadata: { codes: String(autoencoder.quantizer.codes) },
        }),
      },
      prior: {
        build: ({ prior }, examples) => ({
          fn: (codes, labels) => prior.forward(codes as Tensor, labels),
          inputs: (batch) => [
            zeros([batch, prior.config.maxTokens], "int32"),
            ...labelInputs(examples, batch),
          ],
          names: { inputs: ["codes", ...labelNames(examples)], outputs: ["logits"] },
          weights: state(prior),
          metadata: { codes: String(prior.config.vocabulary) },
        }),
      },
    },
    closing,
  };
}
