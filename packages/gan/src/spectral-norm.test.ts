import { Conv2d, fromTorch, Linear, load } from "@gen/nn";
import { dispose, key, memory, mul, sum, tensor, useBackend, variableGrads } from "@gen/tensor";
import { expectClose, fixture } from "@gen/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { type Packed, unpack, weightsOf } from "../test/packed.ts";
import { SpectralNorm } from "./index.ts";

type Case = Record<"weight" | "bias" | "u" | "x" | "probe" | "gradient" | "uAfter", Packed> & {
  outputs: Packed[];
};
const reference = fixture<{ spectral: Record<"linear" | "conv", Case> }>(
  import.meta.url,
  "../test/fixtures/parts.json",
).spectral;

beforeAll(async () => {
  await useBackend();
});

describe.each([
  ["linear", () => new Linear(key(0), 4, 3, { bias: false })],
  ["conv", () => new Conv2d(key(0), 2, 3, 3, { bias: false })],
] as const)("a %s layer with spectral norm equals PyTorch's", (name, make) => {
  const expected = reference[name];
  const made = (): SpectralNorm<Linear | Conv2d> => {
    const normed = new SpectralNorm<Linear | Conv2d>(key(1), make());
    const { weight, bias, u } = expected;
    load(normed, fromTorch(normed, weightsOf({ "layer.weight": weight, bias, u })));
    return normed;
  };

  test("three passes of training, the vector after them, the gradient of the last", async () => {
    const normed = made();
    const x = unpack(expected.x);
    for (const output of expected.outputs.slice(0, -1)) {
      expectClose(await normed.forward(x, "training").data(), await unpack(output).data(), 1e-5);
    }
    const { value, grads } = variableGrads(
      () => sum(mul(normed.forward(x, "training"), unpack(expected.probe))),
      [normed.layer.weight],
    );
    const last = sum(mul(unpack(expected.outputs[2]!), unpack(expected.probe)));
    expectClose(await value.data(), await last.data(), 1e-4);
    const gradient = fromTorch(normed, weightsOf({ "layer.weight": expected.gradient }));
    expectClose(
      await grads[normed.layer.weight.name]!.data(),
      gradient["layer.weight"]!.data,
      1e-4,
    );
    expectClose(await normed.u.data(), await unpack(expected.uAfter).data(), 1e-5);
  });

  test("outside of training nothing is moved, and nothing is left", async () => {
    const normed = made();
    const x = unpack(expected.x);
    const before = memory().numTensors;
    dispose(normed.forward(x));
    expect(memory().numTensors).toBe(before);
    expectClose(await normed.u.data(), await unpack(expected.u).data(), 1e-7);
  });
});

test("the power iteration finds the largest singular value: here 5 of 5 and 2", async () => {
  // The columns (3, 4) and (−1.6, 1.2) are orthogonal, of lengths 5 and 2.
  const normed = new SpectralNorm(key(0), new Linear(key(1), 2, 2, { bias: false }));
  normed.layer.weight.assign(tensor([3, -1.6, 4, 1.2], [2, 2]));
  for (let i = 0; i < 20; i++) normed.sigma("training").dispose();
  expect((await normed.sigma().data())[0]).toBeCloseTo(5, 5);
});

test("a layer with a bias of its own is refused", () => {
  expect(() => new SpectralNorm(key(0), new Linear(key(1), 2, 2))).toThrow(
    "SpectralNorm: the layer must be made with bias: false; this one has its own",
  );
});
