import { fromTorch, load, parameters, state, type Weights } from "@gen/nn";
import {
  dispose,
  key,
  memory,
  randint,
  type Scalar,
  slice,
  square,
  sum,
  tensor,
  type Tensor,
  tidy,
  useBackend,
  variableGrads,
} from "@gen/tensor";
import { expectClose, fixture } from "@gen/testing";
import { beforeAll, describe, expect, test } from "vitest";
import {
  autoregressiveLoss,
  CausalTransformer,
  type CausalTransformerConfig,
  KeyValueCache,
} from "./index.ts";

interface Packed {
  shape: number[];
  dtype: "int32" | "float32";
  data: string;
}
const c = fixture<{
  config: CausalTransformerConfig;
  weights: Record<string, Packed>;
  inputs: Record<"tokens" | "labels", Packed>;
  outputs: { logits: Packed };
  losses: { loss: number };
  gradients: Record<string, Packed>;
}>(import.meta.url, "../test/fixtures/transformer.json");

const bytes = ({ data }: Packed): ArrayBuffer =>
  new Uint8Array(Buffer.from(data, "base64")).buffer as ArrayBuffer;
const integers = (packed: Packed): Tensor =>
  tensor(new Int32Array(bytes(packed)), packed.shape, "int32");
const weightsOf = (packed: Record<string, Packed>): Record<string, Weights> =>
  Object.fromEntries(
    Object.entries(packed).map(([name, p]) => [
      name,
      { shape: p.shape, data: new Float32Array(bytes(p)) },
    ]),
  );

beforeAll(async () => {
  await useBackend();
});

function reference(): { model: CausalTransformer; tokens: Tensor; labels: Tensor } {
  const model = new CausalTransformer(key(0), c.config);
  load(model, fromTorch(model, weightsOf(c.weights)));
  return { model, tokens: integers(c.inputs.tokens), labels: integers(c.inputs.labels) };
}

test("logits, loss and every gradient equal PyTorch's, from PyTorch's weights", async () => {
  const { model, tokens, labels } = reference();
  const before = memory().numTensors;
  const logits = model.forward(tokens, labels);
  expect(memory().numTensors).toBe(before + 1);
  expect(logits.shape).toEqual(c.outputs.logits.shape);
  expectClose(await logits.data(), new Float32Array(bytes(c.outputs.logits)), 1e-4, "logits");
  const losses = autoregressiveLoss({ model, tokens, labels });
  expect(memory().numTensors).toBe(before + 3);
  expectClose(await losses.bitsPerToken.data(), [c.losses.loss / Math.LN2], 1e-4, "bits");

  const trained = parameters(model);
  const { value, grads } = variableGrads(
    () => autoregressiveLoss({ model, tokens, labels }).loss as Scalar,
    Object.values(trained),
  );
  expectClose(await value.data(), [c.losses.loss], 1e-4, "loss");
  const expected = fromTorch(model, weightsOf(c.gradients));
  expect(Object.keys(trained).toSorted()).toEqual(Object.keys(expected).toSorted());
  for (const [name, v] of Object.entries(trained)) {
    expectClose(await grads[v.name]!.data(), expected[name]!.data, 1e-3, name);
  }
  dispose([state(model), tokens, labels, logits, losses, value, grads]);
});

describe("causality", () => {
  test("the logits of a place depend on the inputs up to it and on no later one, by gradients", async () => {
    const { model, tokens, labels } = reference();
    // The position of a place enters together with its token, and nowhere else.
    const { weight } = model.positions;
    const [, count] = tokens.shape as [number, number];
    for (let i = 0; i < count; i++) {
      const { value, grads } = variableGrads(() => {
        const logits = model.forward(tokens, labels);
        return sum(square(slice(logits, [0, i, 0], [-1, 1, -1]))) as Scalar;
      }, [weight]);
      const rows = (await grads[weight.name]!.array()) as number[][];
      const reached = rows.map((row) => row.some((g) => g !== 0));
      expect(reached, `place ${i}`).toEqual(rows.map((_, j) => j <= i));
      dispose([value, grads]);
    }
  });

  test("a token changes the logits of later places alone: of all of them", async () => {
    const { model, tokens, labels } = reference();
    const logits = async (t: Tensor): Promise<number[][]> =>
      ((await model.forward(t, labels).array()) as number[][][])[0]!;
    const before = await logits(tokens);
    const changed = (await tokens.array()) as number[][];
    changed[0]![2] = (changed[0]![2]! + 1) % c.config.vocabulary;
    const after = await logits(tensor(changed, tokens.shape, "int32"));
    const differs = before.map((row, i) => row.some((v, j) => v !== after[i]![j]));
    expect(differs).toEqual(before.map((_, i) => i > 2));
  });
});

test("one token at a time with a cache gives the logits of all at once", async () => {
  const config = { vocabulary: 11, maxTokens: 29, width: 16, depth: 2, heads: 2, classes: 3 };
  const model = new CausalTransformer(key(1), config);
  const tokens = randint(key(2), [2, 29], 0, 11);
  const labels = tensor([2, 0], [2], "int32");
  const all = (await model.forward(tokens, labels).array()) as number[][][];
  const given = (await tokens.array()) as number[][];
  const before = memory().numTensors;
  const cache = new KeyValueCache(config, 2);
  for (let i = 0; i < 29; i++) {
    const logits = tidy(() => {
      const token =
        i === 0
          ? model.start(2, labels)
          : tensor(
              given.map((row) => row[i - 1]!),
              [2],
              "int32",
            );
      return model.step(token, tensor(i, [], "int32"), cache);
    });
    const expected = all.flatMap((example) => example[i]!);
    expectClose(await logits.data(), expected, 1e-5, `place ${i}`);
    logits.dispose();
  }
  cache.dispose();
  expect(memory().numTensors).toBe(before);
});

test("labels for a network without classes, and tokens that do not fit, are refused", () => {
  const model = new CausalTransformer(key(0), {
    vocabulary: 3,
    maxTokens: 4,
    width: 4,
    depth: 1,
    heads: 2,
  });
  const tokens = randint(key(1), [1, 4], 0, 3);
  expect(() => model.forward(tokens, tensor([0], [1], "int32"))).toThrow(
    "labels were given to a network made without classes",
  );
  expect(() => model.forward(randint(key(1), [1, 5], 0, 3))).toThrow(
    "tokens must be int32 [batch, up to 4], got int32 [1, 5]",
  );
  expect(
    () =>
      new CausalTransformer(key(0), { vocabulary: 3, maxTokens: 4, width: 5, depth: 1, heads: 2 }),
  ).toThrow("heads must divide the width 5, got 2");
});
