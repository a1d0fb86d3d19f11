import { state } from "@gen/nn";
import { classifierFree, unrolled } from "@gen/samplers";
import { uniformGrid } from "@gen/schedules";
import { tidy, type Tensor, type Variable, zeros } from "@gen/tensor";
import { denoiser } from "@gen/diffusion";
import { type Found, loadClassifierModel } from "./classifier-run.ts";
import type { ClassifierConfig, FlowConfig } from "./config.ts";
import type { Examples } from "./examples.ts";
import { loadNetwork } from "./flow-model.ts";
import { solvers } from "./sampling.ts";

/** How the samples of an exported sampler are drawn. */
export interface SamplerSettings {
  steps: number;
  solver: keyof typeof solvers;
  guidanceScale: number;
}

/** A part of a run as a function of tensors, and what its file says of it. */
export interface ExportedPart {
  fn: (...inputs: Tensor[]) => Tensor | Tensor[];
  /** Of a batch of this size: only types and shapes count. */
  inputs(batch: number): Tensor[];
  names: { inputs: string[]; outputs: string[] };
  weights: Record<string, Variable>;
  metadata: Record<string, string>;
}

/** x, t and, where there are classes, labels → the velocity. */
export function denoiserPart(config: FlowConfig, examples: Examples, found: Found): ExportedPart {
  const model = loadNetwork(config, examples, found);
  const flow = denoiser(model);
  return {
    fn: (x, t, labels) => flow.predict(x as Tensor, t as Tensor, labels),
    inputs: (batch) => [
      zeros([batch, ...examples.shape]),
      zeros([batch]),
      ...labelsOf(examples, batch),
    ],
    names: { inputs: ["x", "t", ...labelName(examples)], outputs: [flow.prediction] },
    weights: state(model),
    metadata: { path: flow.path.name, prediction: flow.prediction, classes: classesOf(examples) },
  };
}

/** Noise and, where there are classes, labels → samples. */
export function samplerPart(
  config: FlowConfig,
  examples: Examples,
  found: Found,
  { steps, solver, guidanceScale }: SamplerSettings,
): ExportedPart {
  const model = loadNetwork(config, examples, found);
  const flow = denoiser(model);
  const guided = examples.classes > 0 ? classifierFree(flow, { scale: guidanceScale }) : flow;
  const draw = unrolled(guided, solvers[solver](uniformGrid(steps)));
  return {
    fn: (noise, labels) => draw(noise as Tensor, labels),
    inputs: (batch) => [zeros([batch, ...examples.shape]), ...labelsOf(examples, batch)],
    names: { inputs: ["noise", ...labelName(examples)], outputs: ["samples"] },
    weights: state(model),
    metadata: {
      path: flow.path.name,
      solver,
      steps: String(steps),
      guidanceScale: String(guidanceScale),
      classes: classesOf(examples),
    },
  };
}

/** Images → logits and features. */
export function classifierPart(
  config: ClassifierConfig,
  examples: Examples,
  found: Found,
): ExportedPart {
  const model = loadClassifierModel(config, examples, found);
  return {
    fn: (images) =>
      tidy(() => {
        const features = model.features(images as Tensor);
        return [model.logits(features), features];
      }),
    inputs: (batch) => [zeros([batch, ...examples.shape])],
    names: { inputs: ["images"], outputs: ["logits", "features"] },
    weights: state(model),
    metadata: { classes: classesOf(examples) },
  };
}

function labelsOf({ classes }: Examples, batch: number): Tensor[] {
  return classes > 0 ? [zeros([batch], "int32")] : [];
}

function labelName({ classes }: Examples): string[] {
  return classes > 0 ? ["labels"] : [];
}

function classesOf({ classes }: Examples): string {
  return String(classes);
}
