import { state } from "@gen/nn";
import {
  add,
  clipByValue,
  dispose,
  key,
  memory,
  mul,
  normal,
  range,
  round,
  type Scalar,
  slice,
  sub,
  sum,
  type Tensor,
  tensor,
  tidy,
  useBackend,
  valueAndGrad,
} from "@gen/tensor";
import { beforeAll, describe, expect, test } from "vitest";
import {
  GatedPixelCNN,
  levelsOutput,
  mixtureOutput,
  PixelCNN,
  PixelCNNPlusPlus,
  pixelLogProb,
  pixelLoss,
  type PixelModel,
  type PixelOutput,
  pixelSampler,
  RowLSTM,
} from "./index.ts";

beforeAll(async () => {
  await useBackend();
});

const binary = levelsOutput({ channels: 1, levels: 2 });
const colours = levelsOutput({ channels: 3, levels: 4 });
const greyMixture = mixtureOutput({ channels: 1, components: 2 });
const colourMixture = mixtureOutput({ channels: 3, components: 2 });
const sized = { features: 24, depth: 2 };

/** Every network, with what it does not see of earlier pixels by its design. */
const networks: {
  name: string;
  make: (output: PixelOutput) => PixelModel & object;
  outputs: PixelOutput[];
  blind: boolean;
}[] = [
  {
    name: "PixelCNN",
    make: (output) => new PixelCNN(key(1), { output, ...sized }),
    outputs: [binary, colours, greyMixture],
    blind: true,
  },
  {
    name: "GatedPixelCNN",
    make: (output) => new GatedPixelCNN(key(2), { output, ...sized, depth: 5 }),
    outputs: [binary, colours, greyMixture, colourMixture],
    blind: false,
  },
  {
    name: "PixelCNNPlusPlus",
    make: (output) => new PixelCNNPlusPlus(key(3), { output, features: 8, blocks: 2, halvings: 1 }),
    outputs: [binary, greyMixture, colourMixture],
    blind: false,
  },
  {
    name: "RowLSTM",
    make: (output) => new RowLSTM(key(4), { output, ...sized }),
    outputs: [binary, colours],
    blind: true,
  },
];
const cases = networks.flatMap(({ outputs, ...n }) => outputs.map((output) => ({ ...n, output })));
const label = ({ name, output }: (typeof cases)[number]): string =>
  `${name}, ${output.name}, ${output.channels} channels`;

/** Levels of images, from a key. */
function imagesOf(output: PixelOutput, [batch, height, width]: [number, number, number]): Tensor {
  const { levels, channels } = output;
  return tidy(() => {
    const x = clipByValue(normal(key(9), [batch, height, width, channels]), -1, 1);
    return sub(mul(round(mul(sub(x, -1), (levels - 1) / 2)), 2 / (levels - 1)), 1);
  });
}

describe("what a pixel depends on, by gradients", () => {
  for (const c of cases) {
    test(`nothing at or after it: ${label(c)}`, async () => {
      const model = c.make(c.output);
      const [height, width, { channels, steps, parameters }] = [6, 6, c.output];
      const images = imagesOf(c.output, [1, height, width]);
      const numbers = Array.from({ length: height * width }, (_, i) => i);
      for (const place of [0, 14, 35]) {
        const [row, column] = [Math.floor(place / width), place % width];
        for (let channel = 0; channel < steps; channel++) {
          // The parameters of this channel: every steps-th.
          const own = tidy(() =>
            tensor(Array.from({ length: parameters }, (_, i) => (i % steps === channel ? 1 : 0))),
          );
          // Different weights, so that sums of a softmax's logits do not cancel.
          const weights = tidy(() => mul(own, sub(range(0, parameters), 0.3)));
          const { value, grad } = valueAndGrad((x: Tensor) => {
            const at = slice(model.forward(x), [0, row, column, 0], [1, 1, 1, -1]);
            return sum(mul(at, weights)) as Scalar;
          })(images);
          const seen = [...(await grad.data())].map((g) => g !== 0);
          dispose([own, weights, value, grad]);
          const order = numbers.flatMap((j) =>
            Array.from({ length: channels }, (_, of) => {
              if (j !== place) return j < place;
              return steps > 1 && of < channel;
            }),
          );
          const where = `pixel ${place}, channel ${channel}`;
          if (c.blind) {
            expect(
              seen.filter((s, j) => s && !order[j]),
              where,
            ).toEqual([]);
            // What is near, it sees.
            const near = seen.filter((_, j) => Math.floor(j / channels) === place - 1);
            if (column > 0) expect(near, where).toEqual(near.map(() => true));
          } else {
            expect(seen, where).toEqual(order);
          }
        }
      }
      dispose([images, state(model)]);
    });
  }

  test("the plain PixelCNN has a blind spot above to the right, where the gated one has none", async () => {
    // One row up, a path has one window, of at most 3 columns to the right: from (5, 1), (4, 6) is out of reach.
    const images = imagesOf(binary, [1, 6, 12]);
    const reach = async (model: PixelModel): Promise<boolean> => {
      const { value, grad } = valueAndGrad((x: Tensor) => {
        const at = slice(model.forward(x), [0, 5, 1, 0], [1, 1, 1, 1]);
        return sum(at) as Scalar;
      })(images);
      const rows = ((await grad.array()) as number[][][][])[0]!;
      dispose([value, grad]);
      return rows[4]![6]![0] !== 0;
    };
    const plain = new PixelCNN(key(5), { output: binary, features: 4, depth: 6 });
    const gated = new GatedPixelCNN(key(6), { output: binary, features: 4, depth: 6 });
    expect(await reach(plain)).toBe(false);
    expect(await reach(gated)).toBe(true);
    dispose([images, state(plain), state(gated)]);
  });
});

test("the probabilities of all 16 binary images of 2×2 sum to 1, by every network", async () => {
  const all = tensor(
    Array.from({ length: 16 }, (_, i) =>
      [0, 1, 2, 3].map((bit) => ((i >> bit) & 1) * 2 - 1),
    ).flat(),
    [16, 2, 2, 1],
  );
  for (const { name, make } of networks) {
    const model = make(binary);
    const logP = pixelLogProb({ model, images: all });
    const each = [...(await logP.data())];
    const total = each.reduce((s, v) => s + Math.exp(v), 0);
    expect(Math.abs(total - 1), name).toBeLessThan(1e-5);
    const { loss, bitsPerDimension } = pixelLoss({ model, images: all });
    const nats = -each.reduce((s, v) => s + v, 0) / 16;
    expect((await loss.data())[0]).toBeCloseTo(nats, 4);
    expect((await bitsPerDimension.data())[0]).toBeCloseTo(nats / Math.LN2 / 4, 4);
    dispose([logP, loss, bitsPerDimension, state(model)]);
  }
  all.dispose();
});

/** An output whose draw is its likeliest value. */
function certain(output: PixelOutput): PixelOutput {
  const sharp = (p: Tensor): Tensor => tidy(() => mul(p, 1e6));
  return { ...output, sample: (p, k) => tidy(() => output.sample(sharp(p), k)) };
}

describe("sampling", () => {
  for (const { name, make, output } of cases.filter((c) => c.output.name === "levelsOutput")) {
    test(`each pixel is what the whole pass says is likeliest: ${name}, ${output.channels} channels`, async () => {
      const sure = certain(output);
      const model = make(sure);
      const sampler = pixelSampler({ model, height: 2, width: 4, batch: 2 });
      const before = memory().numTensors;
      const images = await sampler.sample({ key: key(1) });
      expect(memory().numTensors).toBe(before + 1);
      const again = tidy(() => sure.sample(model.forward(images), key(2)));
      expect([...(await images.data())]).toEqual([...(await again.data())]);
      sampler.dispose();
      dispose([images, again, state(model)]);
    });
  }

  test("known pixels stay, the others follow from them as the network says", async () => {
    const output = certain(binary);
    const model = new GatedPixelCNN(key(8), { output, ...sized, classes: 3 });
    const given = imagesOf(binary, [2, 4, 4]);
    const labels = tensor([2, 0], [2], "int32");
    const sampler = pixelSampler({ model, height: 4, width: 4, batch: 2 });
    const upper = (row: number): boolean => row < 2;
    const known = { images: given, pixel: upper };
    const images = await sampler.sample({ key: key(1), labels, known });
    const [whole, start] = (await Promise.all([images.array(), given.array()])) as number[][][][][];
    expect(whole!.map((i) => i.slice(0, 2))).toEqual(start!.map((i) => i.slice(0, 2)));
    const likeliest = tidy(() => output.sample(model.forward(images, labels), key(2)));
    const lower = ((await likeliest.array()) as number[][][][]).map((i) => i.slice(2));
    expect(whole!.map((i) => i.slice(2))).toEqual(lower);
    sampler.dispose();
    dispose([given, labels, images, likeliest, state(model)]);
  });

  test("draws of one pixel come as often as the network says", async () => {
    const model = new GatedPixelCNN(key(11), { output: colours, ...sized });
    const many = 4000;
    const sampler = pixelSampler({ model, height: 1, width: 1, batch: many });
    const images = await sampler.sample({ key: key(3) });
    // By chain rule over three channels: the mean of −log p is the entropy, estimated from all 64 values.
    const values = [-1, -1 / 3, 1 / 3, 1];
    const all = tensor(
      values.flatMap((r) => values.flatMap((g) => values.flatMap((b) => [r, g, b]))),
      [64, 1, 1, 3],
    );
    const logP = await pixelLogProb({ model, images: all }).data();
    expect([...logP].reduce((s, v) => s + Math.exp(v), 0)).toBeCloseTo(1, 4);
    const counts = new Map<string, number>();
    const name = (x: readonly number[]): string => x.map((v) => Math.round(v * 3)).join();
    for (const x of (await images.array()) as number[][][][]) {
      const drawn = name(x[0]![0]!);
      counts.set(drawn, (counts.get(drawn) ?? 0) + 1);
    }
    const points = (await all.array()) as number[][][][];
    const chiSquared = points.reduce((s, point, i) => {
      const expected = many * Math.exp(logP[i]!);
      return s + ((counts.get(name(point[0]![0]!)) ?? 0) - expected) ** 2 / expected;
    }, 0);
    // 63 degrees of freedom: 104 is exceeded once in a thousand.
    expect(chiSquared).toBeLessThan(104);
    sampler.dispose();
    dispose([images, all, state(model)]);
  });
});

describe("guidance", () => {
  test("moves the logits of each pixel away from those without a label", async () => {
    const output = certain(colours);
    const model = new GatedPixelCNN(key(15), { output, ...sized, classes: 2 });
    const [labels, none] = [tensor([0, 1], [2], "int32"), tensor([2, 2], [2], "int32")];
    const scale = 20;
    const sampler = pixelSampler({ model, height: 3, width: 4, batch: 2, guidance: { scale } });
    const before = memory().numTensors;
    const images = await sampler.sample({ key: key(1), labels });
    expect(memory().numTensors).toBe(before + 1);
    // All at once: the likeliest level by the formula is the one that was drawn.
    const [likeliest, plain] = tidy(() => {
      const [labelled, without] = [model.forward(images, labels), model.forward(images, none)];
      const moved = add(without, mul(sub(labelled, without), scale));
      return [output.sample(moved, key(2)), output.sample(labelled, key(2))];
    }) as [Tensor, Tensor];
    const drawn = [...(await images.data())];
    expect(drawn).toEqual([...(await likeliest.data())]);
    expect(drawn).not.toEqual([...(await plain.data())]);
    await expect(sampler.sample({ key: key(1) })).rejects.toThrow("labels must be given");
    sampler.dispose();
    dispose([labels, none, images, likeliest, plain, state(model)]);
  });

  test("is refused where there are no classes or no logits", () => {
    const size = { height: 4, width: 4, batch: 1, guidance: { scale: 2 } };
    const plain = new PixelCNN(key(0), { output: binary, ...sized });
    expect(() => pixelSampler({ model: plain, ...size })).toThrow("got 2 and 0 classes");
    const config = { features: 8, blocks: 1, halvings: 1, classes: 2 };
    const plusPlus = new PixelCNNPlusPlus(key(0), { output: greyMixture, ...config });
    expect(() => pixelSampler({ model: plusPlus, ...size })).toThrow(
      "guidance needs an output of logits, as levelsOutput is, got mixtureOutput",
    );
    dispose([state(plain), state(plusPlus)]);
  });
});

test("another label gives every pixel another distribution", async () => {
  const images = imagesOf(binary, [1, 4, 4]);
  for (const model of [
    new GatedPixelCNN(key(12), { output: binary, ...sized, classes: 2 }),
    new PixelCNNPlusPlus(key(13), {
      output: greyMixture,
      features: 8,
      blocks: 1,
      halvings: 1,
      classes: 2,
    }),
  ]) {
    const [zero, one] = await Promise.all(
      [0, 1].map(async (label) => {
        const labels = tensor([label], [1], "int32");
        const out = model.forward(images, labels);
        const rows = ((await out.array()) as number[][][][])[0]!.flat();
        dispose([labels, out]);
        return rows;
      }),
    );
    expect(zero!.every((pixel, i) => pixel.some((v, j) => v !== one![i]![j]))).toBe(true);
    dispose(state(model));
  }
  images.dispose();
});

test("an aborted sample rejects and leaves no tensors behind", async () => {
  const model = new PixelCNN(key(14), { output: binary, ...sized });
  const sampler = pixelSampler({ model, height: 3, width: 3, batch: 1 });
  const before = memory().numTensors;
  const signal = AbortSignal.abort();
  await expect(sampler.sample({ key: key(0), signal })).rejects.toThrow("abort");
  expect(memory().numTensors).toBe(before);
  sampler.dispose();
  dispose(state(model));
});

test("a pass and the loss leave no tensors behind", () => {
  for (const c of cases) {
    const model = c.make(c.output);
    const images = imagesOf(c.output, [2, 4, 4]);
    const before = memory().numTensors;
    const losses = pixelLoss({ model, images });
    expect(memory().numTensors, label(c)).toBe(before + 2);
    dispose([losses, images, state(model)]);
  }
});

test("what does not fit is refused, with what was expected", async () => {
  const images = imagesOf(binary, [2, 3, 3]);
  const labels = tensor([1], [1], "int32");
  const plain = new PixelCNN(key(0), { output: binary, ...sized });
  const withClasses = new GatedPixelCNN(key(0), { output: binary, ...sized, classes: 2 });
  expect(() => plain.forward(images, labels)).toThrow("made without classes");
  expect(() => withClasses.forward(images)).toThrow("labels must be int32 [2], got none");
  expect(() => withClasses.forward(images, labels)).toThrow(
    "labels must be int32 [2], got int32 [1]",
  );
  expect(() => new PixelCNN(key(0), { output: colours, features: 4, depth: 1 })).toThrow(
    "features must be a multiple of the 3 groups",
  );
  const config = { output: colours, features: 4, blocks: 1, halvings: 1 };
  expect(() => new PixelCNNPlusPlus(key(0), config)).toThrow("output must draw a pixel at once");
  const plusPlus = new PixelCNNPlusPlus(key(0), { ...config, output: binary });
  expect(() => plusPlus.forward(images)).toThrow("sides that are multiples of 2");
  expect(() => levelsOutput({ channels: 1, levels: 1 })).toThrow(
    "levels must be a whole number of 2",
  );
  expect(
    () => new GatedPixelCNN(key(0), { output: binary, features: 4, depth: 1, kernelSize: 4 }),
  ).toThrow("kernelSize must be odd");
  const sampler = pixelSampler({ model: plain, height: 4, width: 4, batch: 2 });
  const known = { images, pixel: () => true };
  await expect(sampler.sample({ key: key(0), known })).rejects.toThrow(
    "known.images must be [2, 4, 4, 1], got [2, 3, 3, 1]",
  );
  sampler.dispose();
  dispose([images, labels, state(plain), state(withClasses), state(plusPlus)]);
});
