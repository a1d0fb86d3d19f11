import { fixture, expectClose } from "@gen/testing";
import {
  addN,
  grads as gradsOf,
  key,
  memory,
  mul,
  type Scalar,
  square,
  sum,
  type Tensor,
  tensor,
  tidy,
  useBackend,
  variable,
  variableGrads,
  Variable,
  dispose,
} from "@gen/tensor";
import { beforeAll, describe, expect, test } from "vitest";
import {
  attention,
  AttentionBlock,
  averagePool,
  BatchNorm2d,
  Conv2d,
  ConvTranspose2d,
  Downsample,
  Embedding,
  FourierEmbedding,
  fromTorch,
  gelu,
  geluTanh,
  GroupNorm,
  LayerNorm,
  Linear,
  load,
  Mlp,
  type Mode,
  MultiheadAttention,
  parameters,
  PatchEmbedding,
  ResidualBlock,
  RMSNorm,
  silu,
  sinusoidalEmbedding,
  state,
  TimeEmbedding,
  toTorch,
  Upsample,
  upsampleNearest,
} from "./index.ts";

interface Packed {
  shape: number[];
  data: number[];
  dtype?: "int32";
}

/** A case of tooling/reference/nn.py. */
interface Case {
  name: string;
  state: Record<string, Packed>;
  inputs: Packed[];
  output: Packed;
  cotangent: Packed;
  inputGradients: (Packed | null)[];
  stateGradients: Record<string, Packed>;
  /** Gradients of the sum of squares of the input gradients. */
  inputSeconds: (Packed | null)[];
  stateSeconds: Record<string, Packed>;
}

type Forward = (...inputs: Tensor[]) => Tensor;
interface Built {
  model: object;
  forward: Forward;
}

const k = key(1);
const layer = <T extends { forward(...inputs: Tensor[]): Tensor }>(model: T): Built => ({
  model,
  forward: (...inputs) => model.forward(...inputs),
});
const pure = (forward: Forward): Built => ({ model: {}, forward });
const modulated = (norm: GroupNorm | LayerNorm): Built => ({
  model: norm,
  forward: (x, scale, shift) =>
    norm.forward(x as Tensor, { scale: scale as Tensor, shift: shift as Tensor }),
});
const masked = (model: MultiheadAttention): Built => ({
  model,
  forward: (x, mask) => model.forward(x as Tensor, x, mask),
});
const batchNorm = (channels: number, mode: Mode): Built => {
  const model = new BatchNorm2d(channels);
  return { model, forward: (x) => model.forward(x as Tensor, mode) };
};

const builders: Record<string, Record<string, () => Built>> = {
  linear: {
    Linear: () => layer(new Linear(k, 5, 7)),
    "Linear without bias": () => layer(new Linear(k, 5, 3, { bias: false })),
    Mlp: () => layer(new Mlp(k, 5, 8)),
  },
  convolution: {
    "Conv2d 3": () => layer(new Conv2d(k, 3, 4, 3)),
    "Conv2d 3 stride 2": () => layer(new Conv2d(k, 3, 4, 3, { stride: 2 })),
    "Conv2d 4 stride 2": () => layer(new Conv2d(k, 3, 4, 4, { stride: 2 })),
    "Conv2d 3 padding 0 without bias": () =>
      layer(new Conv2d(k, 2, 3, 3, { padding: 0, bias: false })),
    "Conv2d 1": () => layer(new Conv2d(k, 3, 5, 1)),
    "ConvTranspose2d 4 stride 2": () =>
      layer(new ConvTranspose2d(k, 3, 4, 4, { stride: 2, padding: 1 })),
    "ConvTranspose2d 3 stride 2 output padding 1": () =>
      layer(new ConvTranspose2d(k, 3, 2, 3, { stride: 2, padding: 1, outputPadding: 1 })),
    "ConvTranspose2d 2 without bias": () => layer(new ConvTranspose2d(k, 2, 3, 2, { bias: false })),
    PatchEmbedding: () => layer(new PatchEmbedding(k, 2, 3, 8)),
  },
  norms: {
    GroupNorm: () => layer(new GroupNorm(3, 12) as { forward(x: Tensor): Tensor }),
    "GroupNorm without affine": () =>
      layer(new GroupNorm(2, 4, { affine: false }) as { forward(x: Tensor): Tensor }),
    "GroupNorm modulated": () => modulated(new GroupNorm(2, 8)),
    "GroupNorm without affine modulated": () =>
      modulated(new GroupNorm(2, 4, { affine: false, epsilon: 1e-3 })),
    LayerNorm: () => layer(new LayerNorm(6) as { forward(x: Tensor): Tensor }),
    "LayerNorm modulated": () => modulated(new LayerNorm(6)),
    "LayerNorm without affine modulated": () =>
      modulated(new LayerNorm(6, { affine: false, epsilon: 1e-6 })),
    RMSNorm: () => layer(new RMSNorm(6)),
  },
  elementwise: {
    silu: () => pure(silu as Forward),
    gelu: () => pure(gelu as Forward),
    geluTanh: () => pure(geluTanh as Forward),
    upsampleNearest: () => pure(upsampleNearest as Forward),
    averagePool: () => pure(averagePool as Forward),
  },
  attention: {
    attention: () => pure(attention as Forward),
    "MultiheadAttention of itself": () => layer(new MultiheadAttention(k, 8, 2)),
    "MultiheadAttention without bias": () =>
      layer(new MultiheadAttention(k, 6, 3, { bias: false })),
    "MultiheadAttention of a context": () => layer(new MultiheadAttention(k, 8, 2)),
    "MultiheadAttention of a context of other features": () =>
      layer(new MultiheadAttention(k, 8, 4, { contextFeatures: 5 })),
    "MultiheadAttention with a mask": () => masked(new MultiheadAttention(k, 8, 2)),
    AttentionBlock: () => layer(new AttentionBlock(k, 8, { heads: 2, groups: 2 })),
  },
  "batch-norm": {
    "BatchNorm2d in training": () => batchNorm(4, "training"),
    "BatchNorm2d in inference": () => batchNorm(3, "inference"),
  },
  embeddings: {
    Embedding: () => layer(new Embedding(k, 6, 5)),
    sinusoidalEmbedding: () => pure((t) => sinusoidalEmbedding(t as Tensor, 8)),
    "sinusoidalEmbedding with maxPeriod 100": () =>
      pure((t) => sinusoidalEmbedding(t as Tensor, 6, { maxPeriod: 100 })),
    FourierEmbedding: () => layer(new FourierEmbedding(k, 8)),
    TimeEmbedding: () => layer(new TimeEmbedding(k, 6, 5)),
  },
  blocks: {
    ResidualBlock: () => layer(new ResidualBlock(k, 4, 4, { groups: 2 })),
    "ResidualBlock with embedding": () =>
      layer(new ResidualBlock(k, 4, 6, { groups: 2, embeddingFeatures: 5 })),
    "ResidualBlock up": () =>
      layer(new ResidualBlock(k, 4, 4, { groups: 2, embeddingFeatures: 5, resample: "up" })),
    "ResidualBlock down": () =>
      layer(new ResidualBlock(k, 4, 6, { groups: 2, embeddingFeatures: 5, resample: "down" })),
    Upsample: () => layer(new Upsample(k, 3, 4)),
    Downsample: () => layer(new Downsample(k, 3)),
  },
};

const weightsOf = (packed: Record<string, Packed>) =>
  Object.fromEntries(
    Object.entries(packed).map(([name, { shape, data }]) => [
      name,
      { shape, data: Float32Array.from(data) },
    ]),
  );
const toTensor = ({ shape, data, dtype }: Packed): Tensor =>
  tensor(data, shape, dtype ?? "float32");

beforeAll(async () => {
  await useBackend();
});

for (const [file, builds] of Object.entries(builders)) {
  const cases = fixture<Case[]>(import.meta.url, `../test/fixtures/${file}.json`);

  describe(`${file} equals PyTorch's`, () => {
    test("in every case of the reference", () => {
      expect(Object.keys(builds)).toEqual(cases.map((c) => c.name));
    });

    for (const c of cases) {
      test(`${c.name}: names and shapes, values, gradients of both orders, no leak`, async () => {
        const { model, forward } = (builds[c.name] as () => Built)();
        const variables = state(model);
        expect(Object.keys(variables)).toEqual(Object.keys(c.state));
        expect(toTorch(model, fromTorch(model, weightsOf(c.state)))).toEqual(weightsOf(c.state));
        load(model, fromTorch(model, weightsOf(c.state)));

        const inputs = c.inputs.map((x) => {
          const t = toTensor(x);
          return x.dtype ? t : variable(t);
        });
        const cotangent = toTensor(c.cotangent);
        const trained = parameters(model);
        expect(Object.keys(trained)).toEqual(Object.keys(c.stateGradients));
        const moving = inputs.filter((x) => x instanceof Variable) as Variable[];

        const before = memory().numTensors;
        const output = forward(...inputs);
        expect(memory().numTensors).toBe(before + 1);
        expect(output.shape).toEqual(c.output.shape);
        expectClose(await output.data(), c.output.data, 1e-5, "output");
        output.dispose();

        const asked = [...moving, ...Object.values(trained)];
        const { grads, value } = variableGrads(
          () => tidy(() => sum(mul(forward(...inputs), cotangent)) as Scalar),
          asked,
        );
        expect(memory().numTensors).toBe(before + 1 + asked.length);
        const expected = fromTorch(model, weightsOf(c.stateGradients));
        for (const [i, x] of inputs.entries()) {
          const reference = c.inputGradients[i];
          if (reference)
            expectClose(await gradientOf(grads, x).data(), reference.data, 1e-5, `input ${i}`);
        }
        for (const [name, v] of Object.entries(trained)) {
          const reference = expected[name] as { shape: readonly number[]; data: Float32Array };
          expect(v.shape).toEqual(reference.shape);
          expectClose(await gradientOf(grads, v).data(), reference.data, 1e-5, name);
        }
        dispose(grads);
        value.dispose();
        expect(memory().numTensors).toBe(before);

        const seconds = fromTorch(model, weightsOf(c.stateSeconds));
        const expectedSeconds = [
          ...inputs.flatMap((x, i) =>
            moving.includes(x as Variable) ? [c.inputSeconds[i]?.data] : [],
          ),
          ...Object.keys(trained).map((name) => seconds[name]?.data),
        ];
        if (expectedSeconds.some((data) => [...(data ?? [])].some((n) => n !== 0))) {
          const penalty = () =>
            tidy(() => {
              const loss = (...xs: Tensor[]) => sum(mul(forward(...xs), cotangent)) as Scalar;
              return addN(gradsOf(loss)(moving).map((g) => sum(square(g)))) as Scalar;
            });
          const second = variableGrads(penalty, asked);
          const actual: number[] = [];
          const reference: number[] = [];
          for (const [i, v] of asked.entries()) {
            const g = second.grads[v.name];
            const none = new Float32Array(v.size);
            actual.push(...(g ? await g.data() : none));
            reference.push(...(expectedSeconds[i] ?? none));
          }
          expectClose(actual, reference, 1e-5, "second derivatives");
          dispose(second.grads);
          second.value.dispose();
          expect(memory().numTensors).toBe(before);
        }
        dispose([...inputs, cotangent]);
        dispose(variables);
      });
    }
  });
}

function gradientOf(grads: Record<string, Tensor>, v: Tensor): Tensor {
  return grads[(v as Variable).name] as Tensor;
}
