import { beforeAll, describe, expect, test } from "vitest";
import { fromTorch, load, parameterCount, parameters, toTorch, type Weights } from "@gen/nn";
import {
  add,
  key,
  mean,
  memory,
  mul,
  normal,
  type Scalar,
  square,
  sub,
  tensor,
  tensor1d,
  type Tensor,
  tidy,
  useBackend,
  variableGrads,
} from "@gen/tensor";
import { expectClose, fixture } from "@gen/testing";
import {
  DiT,
  type DiTConfig,
  type Network,
  UNet,
  type UNetConfig,
  VelocityMLP,
  type VelocityMLPConfig,
} from "./index.ts";

interface Counted {
  network: "UNet" | "DiT" | "VelocityMLP";
  config: object;
  parameters: number;
}
interface Case extends Omit<Counted, "parameters"> {
  shapes: Record<string, number[]>;
  buffers: Record<string, string>;
  t: number[];
  labels: number[] | null;
  output: string;
  loss: number;
  gradients: Record<string, string>;
}
const { cases, counts } = fixture<{ cases: Case[]; counts: Counted[] }>(
  import.meta.url,
  "../test/fixtures/networks.json",
);

function make({ network, config }: Pick<Counted, "network" | "config">): Network {
  if (network === "UNet") return new UNet(key(0), config as UNetConfig);
  if (network === "DiT") return new DiT(key(0), config as DiTConfig);
  return new VelocityMLP(key(0), config as VelocityMLPConfig);
}

/** As `sequence` in tooling/reference/diffusion.py, to the bit. */
function sequence(count: number, start: number): number[] {
  return Array.from(
    { length: count },
    (_, i) => ((2 * ((i + 1) * 0.6180339887498949 + start * 0.7548776662466927)) % 2) - 1,
  );
}

const sizeOf = (shape: number[]): number => shape.reduce((product, n) => product * n, 1);

/** As `weights_by_formula` there: a state dict in PyTorch's layout. */
function weights({ shapes, buffers }: Case): Record<string, Weights> {
  const dict: Record<string, Weights> = {};
  Object.entries(shapes).forEach(([name, shape], number) => {
    const scale = shape.length > 1 ? Math.sqrt(3 / Math.max(1, sizeOf(shape.slice(1)))) : 0.3;
    const offset = `.${name}`.includes(".norm") && name.endsWith("weight") ? 1 : 0;
    const data = Float32Array.from(sequence(sizeOf(shape), number + 1), (v) => v * scale + offset);
    dict[name] = { shape, data };
  });
  for (const [name, packed] of Object.entries(buffers)) {
    const data = unpack(packed);
    dict[name] = { shape: name === "positions" ? [data.length / 8, 8] : [data.length], data };
  }
  return dict;
}

function unpack(packed: string): Float32Array {
  return new Float32Array(new Uint8Array(Buffer.from(packed, "base64")).buffer);
}

function inputs({ config, t, labels }: Case): {
  images: Tensor;
  noise: Tensor;
  t: Tensor;
  labels: Tensor | undefined;
} {
  const { imageSize, inChannels, dims } = config as Record<string, number>;
  const shape = imageSize
    ? [t.length, imageSize, imageSize, inChannels as number]
    : [t.length, dims as number];
  return {
    images: tensor(sequence(sizeOf(shape), 101), shape),
    noise: tensor(sequence(sizeOf(shape), 102), shape),
    t: tensor1d(t, "float32"),
    labels: labels ? tensor1d(labels, "int32") : undefined,
  };
}

beforeAll(async () => {
  await useBackend();
});

describe.each(cases.map((c, i) => [`${c.network} ${i + 1}`, c] as const))("%s", (_name, c) => {
  test("has PyTorch's output, loss and every gradient, from PyTorch's names and shapes", async () => {
    const model = make(c);
    load(model, fromTorch(model, weights(c)));
    const { images, noise, t, labels } = inputs(c);
    const column = [t.size, ...images.shape.slice(1).map(() => 1)];
    const time = tensor(c.t, column);
    const noisy = add(mul(sub(1, time), images), mul(time, noise));
    const output = model.forward(noisy, t, { labels });
    expectClose(await output.data(), unpack(c.output), 1e-5, "output");

    const trained = parameters(model);
    const { value, grads } = variableGrads(
      () => mean(square(sub(model.forward(noisy, t, { labels }), sub(noise, images)))) as Scalar,
      Object.values(trained),
    );
    expect(Math.abs(((await value.data())[0] as number) / c.loss - 1)).toBeLessThan(1e-5);
    const ours: Record<string, Weights> = {};
    for (const [name, v] of Object.entries(trained)) {
      const gradient = grads[v.name];
      expect(gradient, name).toBeDefined();
      ours[name] = { shape: v.shape, data: Float32Array.from(await (gradient as Tensor).data()) };
    }
    const gradients = toTorch(model, ours);
    expect(Object.keys(gradients).sort()).toEqual(Object.keys(c.gradients).sort());
    // A weight that the output does not depend on has rounding for a gradient: the scale is the largest of all.
    const largest = Math.max(
      ...Object.values(c.gradients).map((g) => Math.max(...unpack(g).map(Math.abs))),
    );
    for (const [name, packed] of Object.entries(c.gradients)) {
      const expected = unpack(packed);
      const size = Math.max(...expected.map(Math.abs));
      expect(gradients[name]?.shape, name).toEqual(c.shapes[name]);
      expectClose(
        gradients[name]?.data ?? [],
        expected,
        1e-4 * Math.max(1, (1e-2 * largest) / size),
        name,
      );
    }
  });

  test("leaves nothing behind but its result", () => {
    const model = make(c);
    const { images, t, labels } = inputs(c);
    const { numTensors } = memory();
    const output = model.forward(images, t, { labels });
    expect(output.shape).toEqual(images.shape);
    expect(memory().numTensors).toBe(numTensors + 1);
  });
});

test.each(counts)("$network $config has as many parameters as in PyTorch", (counted) => {
  expect(parameterCount(make(counted))).toBe(counted.parameters);
});

const unetConfig: UNetConfig = {
  imageSize: 4,
  inChannels: 1,
  baseChannels: 4,
  multipliers: [1, 2],
  blocks: 1,
  classes: 2,
};
const ditConfig: DiTConfig = {
  imageSize: 4,
  inChannels: 1,
  patch: 2,
  width: 8,
  depth: 1,
  heads: 2,
  classes: 2,
};

test.each([
  ["U-Net", () => new UNet(key(0), unetConfig)],
  ["DiT", () => new DiT(key(0), ditConfig)],
] as const)("a new %s predicts 0, and its last layer learns at once", async (_name, create) => {
  const model = create();
  const x = normal(key(1), [2, 4, 4, 1]);
  const t = tensor1d([0.2, 0.9]);
  expect(await model.forward(x, t).data()).toEqual(new Float32Array(32));
  const { grads } = variableGrads(() => mean(square(sub(model.forward(x, t), x))) as Scalar);
  const norms = Object.entries(parameters(model)).filter(([name]) => name.endsWith("out.weight"));
  for (const [name, v] of norms.filter(([n]) => /^(conv|linear)_out/.test(n))) {
    expect(Math.hypot(...(await (grads[v.name] as Tensor).data())), name).toBeGreaterThan(0);
  }
});

test.each([
  ["U-Net", () => new UNet(key(0), unetConfig)],
  ["DiT", () => new DiT(key(0), ditConfig)],
] as const)("no labels given to a %s are labels that say «no label»", async (_name, create) => {
  const model = create();
  // Nothing starts at zero, so that the label can be seen in the output.
  for (const v of Object.values(parameters(model)))
    tidy(() => v.assign(add(v, mul(0.3, normal(key(7), v.shape)))));
  const x = normal(key(1), [2, 4, 4, 1]);
  const t = tensor1d([0.2, 0.9]);
  const forward = (labels?: number[]): Promise<ArrayLike<number>> =>
    model.forward(x, t, { labels: labels && tensor1d(labels, "int32") }).data();
  expect(await forward()).toEqual(await forward([2, 2]));
  const labelled = (await forward([0, 2])) as Float32Array;
  const none = (await forward()) as Float32Array;
  expect(labelled.subarray(16)).toEqual(none.subarray(16));
  expect(labelled.subarray(0, 16)).not.toEqual(none.subarray(0, 16));
});

test("equal keys make equal networks, other keys others", async () => {
  const weightsOf = async (seed: number): Promise<ArrayLike<number>[]> =>
    Promise.all(Object.values(parameters(new UNet(key(seed), unetConfig))).map((v) => v.data()));
  expect(await weightsOf(1)).toEqual(await weightsOf(1));
  expect(await weightsOf(1)).not.toEqual(await weightsOf(2));
});

test("networks that cannot be built or fed say why in one sentence", () => {
  expect(() => new UNet(key(0), { ...unetConfig, imageSize: 5 })).toThrow(
    "UNet: 2 multipliers halve the image 1 times, got imageSize 5, which 2 does not divide",
  );
  expect(() => new UNet(key(0), { ...unetConfig, attention: [7] })).toThrow(
    "UNet: attention must name resolutions out of 4, 2, got 7",
  );
  expect(() => new UNet(key(0), { ...unetConfig, blocks: 0 })).toThrow("blocks 0");
  expect(() => new DiT(key(0), { ...ditConfig, patch: 3 })).toThrow(
    "DiT: patch must divide imageSize 4, got 3",
  );
  const model = new UNet(key(0), { ...unetConfig, classes: 0 });
  const t = tensor1d([0.5]);
  expect(() => model.forward(normal(key(0), [1, 4, 4, 3]), t)).toThrow(
    "UNet.forward: x must be [batch, 4, 4, 1], got [1, 4, 4, 3]",
  );
  const labels = tensor1d([1], "int32");
  expect(() => model.forward(normal(key(0), [1, 4, 4, 1]), t, { labels })).toThrow(
    "labels were given to a network made without classes",
  );
});
