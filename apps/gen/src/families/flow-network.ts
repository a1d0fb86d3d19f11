import { DiT, type Network, UNet, VelocityMLP } from "@gen/diffusion";
import type { Key } from "@gen/tensor";
import type { Examples } from "../examples.ts";
import { messageOf, misuse } from "../failure.ts";
import type { FlowConfig } from "./flow.ts";

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
    throw misuse(`model: ${messageOf(error)}`);
  }
}
