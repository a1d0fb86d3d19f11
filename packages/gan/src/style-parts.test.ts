import { fromTorch, Linear, load } from "@gen/nn";
import {
  add,
  dispose,
  grads,
  key,
  matMul,
  memory,
  mul,
  ones,
  reshape,
  sum,
  tanh,
  tensor,
  type Tensor,
  useBackend,
  variableGrads,
} from "@gen/tensor";
import { expectClose, fixture } from "@gen/testing";
import { beforeAll, expect, test } from "vitest";
import { type Packed, numbersOf, unpack, weightsOf } from "../test/packed.ts";
import {
  adaptiveInstanceNorm,
  Equalized,
  minibatchDeviation,
  ModulatedConv2d,
  pathLengths,
} from "./index.ts";

type Group<Names extends string> = Record<Names, Packed>;
const reference = fixture<{
  modulated: Group<"x" | "style" | "weight" | "probe" | "output"> & {
    gradients: Group<"x" | "style" | "weight">;
  };
  adain: Group<"x" | "scale" | "shift" | "output">;
  minibatch: Group<"x" | "output">;
  pathLength: Group<"weight" | "ws" | "probe"> & { lengths: number[] };
}>(import.meta.url, "../test/fixtures/parts.json");

beforeAll(async () => {
  await useBackend();
});

test("the modulated convolution is one with a demodulated weight for each image, as in PyTorch", async () => {
  const { modulated } = reference;
  const conv = new ModulatedConv2d(key(0), 3, 4, 3);
  load(conv, fromTorch(conv, weightsOf({ "conv.weight": modulated.weight })));
  const [x, style, probe] = [unpack(modulated.x), unpack(modulated.style), unpack(modulated.probe)];
  const before = memory().numTensors;
  const output = conv.forward(x, style);
  expect(memory().numTensors).toBe(before + 1);
  expectClose(await output.data(), numbersOf(modulated.output), 1e-5);
  const loss = (a: Tensor, s: Tensor): Tensor => sum(mul(conv.forward(a, s), probe));
  const [dx, ds] = grads(loss)([x, style]) as [Tensor, Tensor];
  expectClose(await dx.data(), numbersOf(modulated.gradients.x), 1e-5, "x");
  expectClose(await ds.data(), numbersOf(modulated.gradients.style), 1e-4, "style");
  const { grads: slopes } = variableGrads(() => loss(x, style) as never, [conv.conv.weight]);
  const wanted = fromTorch(conv, weightsOf({ "conv.weight": modulated.gradients.weight }));
  expectClose(
    await slopes[conv.conv.weight.name]!.data(),
    wanted["conv.weight"]!.data,
    1e-4,
    "weight",
  );
});

test("the output of a modulated convolution does not depend on the length of the style", async () => {
  const conv = new ModulatedConv2d(key(0), 3, 4, 3);
  const { x, style } = reference.modulated;
  const once = conv.forward(unpack(x), unpack(style));
  const longer = conv.forward(unpack(x), mul(7, unpack(style)));
  expectClose(await longer.data(), await once.data(), 1e-5);
});

test("adaptive instance norm equals PyTorch's, one number a channel", async () => {
  const { x, scale, shift, output } = reference.adain;
  const [a, s, b] = [unpack(x), unpack(scale), unpack(shift)];
  const before = memory().numTensors;
  // The fixture's scale is what is added to 1.
  const result = adaptiveInstanceNorm(a, add(s, 1), b);
  expectClose(await result.data(), numbersOf(output), 1e-5);
  dispose(result);
  expect(memory().numTensors).toBe(before + 1);
});

test("the minibatch's deviation equals PyTorch's; groups must fit", async () => {
  const { x, output } = reference.minibatch;
  const [a, before] = [unpack(x), memory().numTensors];
  const result = minibatchDeviation(a, 2);
  expect(memory().numTensors).toBe(before + 1);
  expectClose(await result.data(), numbersOf(output), 1e-5);
  expect(() => minibatchDeviation(ones([6, 2, 2, 1]))).toThrow(
    "minibatchDeviation: the batch must be a multiple of group = 4, got 6 images",
  );
});

test("path lengths equal PyTorch's", async () => {
  const { weight, ws, probe, lengths } = reference.pathLength;
  const w = unpack(weight);
  const given = pathLengths((t) => tanh(matMul(sum(t, 1), w)), unpack(ws), unpack(probe));
  expectClose(await given.data(), lengths, 1e-5);
});

test("path lengths of a linear map are ‖Aᵀy‖, over each style", async () => {
  // Two styles of 1 number, f = 3w₁ + 4w₂: √((9 + 16)/2).
  const factors = tensor([3, 4], [1, 2, 1]);
  const f = (ws: Tensor): Tensor => reshape(sum(mul(ws, factors), [1, 2]), [-1, 1]);
  const given = pathLengths(f, ones([3, 2, 1]), ones([3, 1]));
  expectClose(
    await given.data(),
    Array.from({ length: 3 }, () => Math.sqrt(12.5)),
    1e-6,
  );
});

test("an equalised layer gives normal outputs for normal inputs, whatever its learning rate", async () => {
  const make = (learningRate: number): Equalized<Linear> =>
    new Equalized(
      new Linear(key(0), 100, 50, {
        bias: false,
        init: (_, shape) => new Float32Array(shape[0]! * shape[1]!).fill(1),
      }),
      { learningRate, bias: 2 },
    );
  const x = ones([1, 100]);
  for (const rate of [1, 0.01]) {
    expectClose(
      await make(rate).forward(x).data(),
      Array.from({ length: 50 }, () => 12),
      1e-5,
    );
    expect((await make(rate).layer.weight.data())[0]).toBeCloseTo(1 / rate, 3);
  }
  expect(() => new Equalized(new Linear(key(0), 2, 2))).toThrow(
    "Equalized: the layer must be made with bias: false; this one has its own",
  );
});
