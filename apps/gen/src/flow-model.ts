import { clone, parameters, state } from "@gen/nn";
import {
  denoiser,
  DiT,
  type Network,
  type NetworkDenoiser,
  rectifiedFlowLoss,
  UNet,
  VelocityMLP,
} from "@gen/diffusion";
import { logitNormalTimes, uniformTimes } from "@gen/schedules";
import { foldIn, type Key, key } from "@gen/tensor";
import {
  type Checkpoint,
  Ema,
  type LossTrainee,
  loadState,
  trainStep,
  unprefixed,
  warmedUpDecay,
} from "@gen/train";
import type { FlowConfig } from "./config.ts";
import { type Examples } from "./examples.ts";
import { misuse } from "./failure.ts";
import { createOptimizer } from "./optimizer.ts";

/** The network that a configuration describes. */
export function createNetwork(
  modelKey: Key,
  model: FlowConfig["model"],
  { shape, classes }: Examples,
): Network {
  if (model.kind === "mlp") {
    if (shape.length !== 1)
      throw misuse(
        `model.kind mlp is for points; for images of ${shape.join("×")} take unet or dit.`,
      );
    const { width, depth, fourierFeatures } = model;
    return new VelocityMLP(modelKey, { dims: shape[0] as number, width, depth, fourierFeatures });
  }
  const [height, width, inChannels] = shape;
  if (inChannels === undefined)
    throw misuse(`model.kind ${model.kind} is for images; for points take mlp.`);
  if (height !== width)
    throw misuse(`model.kind ${model.kind} needs square images, got ${height}×${width}.`);
  const common = { imageSize: height as number, inChannels, classes };
  try {
    const { kind, ...rest } = model;
    void kind;
    return model.kind === "unet"
      ? new UNet(modelKey, { ...common, ...(rest as Omit<typeof model, "kind">) })
      : new DiT(modelKey, { ...common, ...(rest as Omit<typeof model, "kind">) });
  } catch (error) {
    throw misuse(`model: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** A flow being trained, and its moving average to sample from. */
export interface FlowTraining {
  trainee: LossTrainee;
  /** Samples from the averaged weights as they are now. */
  averaged(): NetworkDenoiser;
  dispose(): void;
}

/** Everything follows from the configuration: the same one gives the same weights. */
export function createFlowTraining(config: FlowConfig, examples: Examples): FlowTraining {
  const model = createNetwork(foldIn(key(config.seed), 0), config.model, examples);
  const ema = new Ema(parameters(model), warmedUpDecay(config.ema.decay));
  const times = config.flow.times === "uniform" ? uniformTimes : logitNormalTimes();
  const { labelDropout } = config.flow;
  const trainee = trainStep({
    parameters: state(model),
    loss: ({ images, labels }, stepKey) => ({
      loss: rectifiedFlowLoss({
        model,
        images: images!,
        labels,
        key: stepKey,
        times,
        labelDropout,
      }),
    }),
    optimizer: createOptimizer(config),
    ema,
  });
  let copy: { model: Network; denoiser: NetworkDenoiser } | undefined;
  return {
    trainee,
    averaged() {
      if (!copy) {
        const cloned = clone(model);
        copy = { model: cloned, denoiser: denoiser(cloned) };
      }
      ema.copyTo(parameters(copy.model));
      return copy.denoiser;
    },
    dispose() {
      trainee.dispose();
      ema.dispose();
      copy?.denoiser.dispose();
      for (const one of [model, copy?.model]) {
        if (one) for (const variable of Object.values(state(one))) variable.dispose();
      }
    },
  };
}

/** The averaged network of a checkpoint. */
export function loadNetwork(
  config: FlowConfig,
  examples: Examples,
  { name, checkpoint }: { name: string; checkpoint: Checkpoint },
): Network {
  const model = createNetwork(foldIn(key(config.seed), 0), config.model, examples);
  const ema = new Ema(parameters(model));
  loadState(state(model), unprefixed("model.", checkpoint.tensors), name);
  loadState(ema.state(), unprefixed("ema.", checkpoint.tensors), name);
  ema.copyTo(parameters(model));
  ema.dispose();
  return model;
}

/** The same, ready to sample from. */
export function loadFlow(...from: Parameters<typeof loadNetwork>): NetworkDenoiser {
  return denoiser(loadNetwork(...from));
}
