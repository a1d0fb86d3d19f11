import {
  add,
  compile,
  dispose,
  key,
  memory,
  type Tensor,
  tensor,
  useBackend,
  type Variable,
} from "@gen/tensor";
import { beforeAll, describe, expect, test } from "vitest";
import {
  clone,
  FourierEmbedding,
  GroupNorm,
  lerp,
  Linear,
  load,
  parameter,
  parameterCount,
  parameters,
  state,
} from "./index.ts";

class Inner {
  readonly conv1: Linear = new Linear(key(1), 2, 3);
  readonly nothing: Linear | undefined = undefined;
  readonly norm: GroupNorm = new GroupNorm(1, 3);
}

class Model {
  readonly name = "model";
  readonly down: Inner[] = [new Inner(), new Inner()];
  readonly time: FourierEmbedding = new FourierEmbedding(key(2), 4);
  readonly scale: Variable = parameter(Float32Array.of(1, 2), [2]);
  readonly tied: Variable = this.scale;
  readonly self: Model = this;
  readonly table: Float32Array = new Float32Array(5);
}

const weightsOf = (model: object) =>
  Object.fromEntries(
    Object.entries(state(model)).map(([name, v]) => [
      name,
      { shape: v.shape, data: v.dataSync() as Float32Array },
    ]),
  );

beforeAll(async () => {
  await useBackend();
});

describe("state", () => {
  test("names every variable once by its path, in the order of the fields", () => {
    const model = new Model();
    const inner = (i: number) =>
      ["conv1.weight", "conv1.bias", "norm.weight", "norm.bias"].map((name) => `down.${i}.${name}`);
    expect(Object.keys(state(model))).toEqual([...inner(0), ...inner(1), "time.weight", "scale"]);
    expect(Object.keys(parameters(model))).toEqual([...inner(0), ...inner(1), "scale"]);
    expect(parameterCount(model)).toBe(2 * (6 + 3 + 3 + 3) + 2);
    dispose(state(model));
  });

  test("is all that a model owns", () => {
    const before = memory().numTensors;
    const model = new Model();
    expect(memory().numTensors).toBe(before + Object.keys(state(model)).length);
    dispose(state(model));
    expect(memory().numTensors).toBe(before);
  });
});

describe("load", () => {
  test("lists every name that is missing, unexpected or of another shape, and changes nothing", () => {
    const model = new Inner();
    const { "conv1.bias": _, ...rest } = weightsOf(model);
    const before = weightsOf(model);
    const wrong = {
      ...rest,
      "conv1.weight": { shape: [3, 2], data: new Float32Array(6) },
      "norm.weight": { shape: [3], data: new Float32Array(2) },
      "norm.bias": { shape: [3], data: Float32Array.of(7, 7, 7) },
      extra: { shape: [1, 4], data: new Float32Array(4) },
    };
    expect(() => load(model, wrong)).toThrow(
      "load: the weights are not of this model: conv1.weight is [3, 2], expected [2, 3]; missing conv1.bias [3]; " +
        "norm.weight [3] has 2 numbers; unexpected extra [1, 4].",
    );
    expect(weightsOf(model)).toEqual(before);
    dispose(state(model));
  });

  test("copies the numbers and leaks nothing", () => {
    const model = new Linear(key(0), 1, 2, { bias: false });
    const before = memory().numTensors;
    const data = Float32Array.of(3, 4);
    load(model, { weight: { shape: [1, 2], data } });
    data.fill(9);
    expect([...model.weight.dataSync()]).toEqual([3, 4]);
    expect(memory().numTensors).toBe(before);
    dispose(state(model));
  });
});

describe("clone", () => {
  test("has the same names, numbers and class, and variables of its own", () => {
    const model = new Model();
    const constant = tensor([1, 2]);
    const extended = Object.assign(model, { constant });
    const copy = clone(extended);
    expect(copy).toBeInstanceOf(Model);
    expect(copy.self).toBe(copy);
    expect(copy.tied).toBe(copy.scale);
    expect(copy.constant).toBe(constant);
    expect(copy.time.weight.trainable).toBe(false);
    expect(weightsOf(copy)).toEqual(weightsOf(model));
    const moved = tensor([5, 5]);
    copy.scale.assign(moved);
    expect([...model.scale.dataSync()]).toEqual([1, 2]);
    expect([...copy.scale.dataSync()]).toEqual([5, 5]);
    dispose(state(model));
    expect([...(state(copy)["down.1.norm.weight"] as Variable).dataSync()]).toEqual([1, 1, 1]);
    dispose([state(copy), constant, moved] as unknown as Tensor[]);
  });
});

describe("lerp", () => {
  test.each([
    ["number", () => 0.75],
    ["tensor", () => tensor(0.75)],
  ])("moves by one minus the decay, given as a %s, and leaks nothing", (_kind, makeDecay) => {
    const target = {
      layer: new Linear(key(1), 2, 2),
      buffer: parameter(Float32Array.of(1), [1], false),
    };
    const source = {
      layer: new Linear(key(2), 2, 2),
      buffer: parameter(Float32Array.of(2), [1], false),
    };
    const [a, b] = [target, source].map((m) => m.layer.weight.dataSync()) as [
      Float32Array,
      Float32Array,
    ];
    const before = memory().numTensors;
    const decay = makeDecay();
    lerp(target, source, decay);
    if (typeof decay === "object") decay.dispose();
    expect(memory().numTensors).toBe(before);
    target.layer.weight.dataSync().forEach((n, i) => {
      expect(n).toBeCloseTo(0.75 * (a[i] as number) + 0.25 * (b[i] as number), 6);
    });
    expect([...target.buffer.dataSync()]).toEqual([2]);
    dispose([state(target), state(source)] as unknown as Tensor[]);
  });

  test("follows a decay that changes from call to call of a compiled function", () => {
    const target = { weight: parameter(Float32Array.of(0), [1]) };
    const source = { weight: parameter(Float32Array.of(8), [1]) };
    const average = compile((decay: Tensor) => {
      lerp(target, source, decay);
      return add(target.weight, 0);
    });
    const seen = [0.5, 0.75, 0].map((n) => {
      const decay = tensor(n);
      const result = average(decay);
      const value = result.dataSync()[0];
      dispose([decay, result]);
      return value;
    });
    expect(seen).toEqual([4, 5, 8]);
    expect([...target.weight.dataSync()]).toEqual([8]);
    average.dispose();
    dispose([state(target), state(source)] as unknown as Tensor[]);
  });

  test("refuses a model of another structure", () => {
    const [small, large] = [new Linear(key(1), 1, 2), new Linear(key(1), 3, 2)];
    expect(() => lerp(large, small, 0.5)).toThrow("lerp: weight [3, 2] is [1, 2] in the source");
    expect(() => lerp(small, {}, 0.5)).toThrow("lerp: weight [1, 2] is missing in the source");
    dispose([state(small), state(large)] as unknown as Tensor[]);
  });
});
