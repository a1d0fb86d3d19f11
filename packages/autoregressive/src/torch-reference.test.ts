import { fromTorch, load, parameters, state, type Weights } from "@gen/nn";
import {
  dispose,
  key,
  type Scalar,
  tensor,
  type Tensor,
  useBackend,
  variableGrads,
} from "@gen/tensor";
import { expectClose, fixture } from "@gen/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { GatedPixelCNN, levelsOutput, PixelCNN, pixelLoss, type PixelModel } from "./index.ts";

interface Packed {
  shape: number[];
  dtype: "int32" | "float32";
  data: string;
}
interface Case {
  config: { channels: number; levels: number; features: number; depth: number; classes?: number };
  weights: Record<string, Packed>;
  inputs: Record<"images" | "labels", Packed>;
  outputs: { logits: Packed };
  losses: { loss: number };
  gradients: Record<string, Packed>;
}
const cases = fixture<Record<"PixelCNN" | "GatedPixelCNN", Case>>(
  import.meta.url,
  "../test/fixtures/images.json",
);

const bytes = ({ data }: Packed): ArrayBuffer =>
  new Uint8Array(Buffer.from(data, "base64")).buffer as ArrayBuffer;
const weightsOf = (packed: Record<string, Packed>): Record<string, Weights> =>
  Object.fromEntries(
    Object.entries(packed).map(([name, p]) => [
      name,
      { shape: p.shape, data: new Float32Array(bytes(p)) },
    ]),
  );
const make = {
  PixelCNN: ({ channels, levels, ...sizes }: Case["config"]) =>
    new PixelCNN(key(0), { output: levelsOutput({ channels, levels }), ...sizes }),
  GatedPixelCNN: ({ channels, levels, ...sizes }: Case["config"]) =>
    new GatedPixelCNN(key(0), { output: levelsOutput({ channels, levels }), ...sizes }),
};

beforeAll(async () => {
  await useBackend();
});

describe("outputs, loss and every gradient equal PyTorch's, from PyTorch's weights", () => {
  for (const name of ["PixelCNN", "GatedPixelCNN"] as const) {
    test(name, async () => {
      const c = cases[name];
      const model: PixelModel = make[name](c.config);
      load(model, fromTorch(model, weightsOf(c.weights)));
      const { images: x, labels: y } = c.inputs;
      const images = tensor(new Float32Array(bytes(x)), x.shape);
      const labels: Tensor | undefined = c.config.classes
        ? tensor(new Int32Array(bytes(y)), y.shape, "int32")
        : undefined;
      const logits = model.forward(images, labels);
      expectClose(await logits.data(), new Float32Array(bytes(c.outputs.logits)), 1e-4, "logits");
      const trained = parameters(model);
      const { value, grads } = variableGrads(
        () => pixelLoss({ model, images, labels }).loss as Scalar,
        Object.values(trained),
      );
      expectClose(await value.data(), [c.losses.loss], 1e-4, "loss");
      const expected = fromTorch(model, weightsOf(c.gradients));
      expect(Object.keys(trained).toSorted()).toEqual(Object.keys(expected).toSorted());
      for (const [field, v] of Object.entries(trained)) {
        expectClose(await grads[v.name]!.data(), expected[field]!.data, 1e-3, field);
      }
      dispose([state(model), images, labels ?? [], logits, value, grads]);
    });
  }
});
