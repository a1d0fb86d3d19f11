import { dispose, exportOnnx, foldIn, key, memory, normal, useBackend } from "@gen/tensor";
import { expectClose, relativeError } from "@gen/testing";
import { parse } from "@gen/safetensors";
import type { InferenceSession } from "onnxruntime-node";
import { beforeAll, expect, test } from "vitest";
import { caseOf, type Values, valuesOf } from "../src/cases.ts";
import { outputOf } from "../src/output-of.ts";
import {
  classesWithForward,
  type Exported,
  networks,
  noiseKey,
  stochastic,
} from "../src/networks.ts";

let all: Exported[] = [];
beforeAll(async () => {
  await useBackend("onnx", { device: "cpu" });
  all = networks();
});

test("every class of the repository with a forward pass is in the list", () => {
  const listed = all.map(({ name }) => name);
  expect(classesWithForward().filter((name) => !listed.includes(name))).toEqual([]);
  expect(new Set(listed).size).toBe(listed.length);
});

test("every network gives its own numbers in onnxruntime-node, at batch sizes other than the example's", async () => {
  for (const network of all) {
    const before = memory().numTensors;
    const { file, runs } = await caseOf(network);
    expect(memory().numTensors, `${network.name} leaks`).toBe(before);
    for (const { inputs, output } of runs) {
      expect(Math.max(...output.data.map(Math.abs)), network.name).toBeGreaterThan(0.01);
      const given = await outputOf(file, inputs);
      expect(given.shape).toEqual(output.shape);
      expectClose(given.data, output.data, 1e-4, network.name);
    }
    const first = network.batch ?? "batch";
    expect(file.outputs[0]?.shape).toEqual([first, ...(runs[0]?.output.shape.slice(1) ?? [])]);
  }
}, 60_000);

test("and at a fixed one, where every size is a number", async () => {
  for (const { name, inputs, batch = 2, run, weights } of all) {
    const given = inputs(batch);
    const file = await exportOnnx(run, given, { weights });
    const output = run(...given);
    expect(file.outputs[0]?.shape).toEqual(output.shape);
    expectClose((await outputOf(file, given.map(valuesOf))).data, output.dataSync(), 1e-4, name);
    dispose([given, output]);
  }
}, 60_000);

test("the weights beside a model are a safetensors file under the names of the state", async () => {
  const network = all.find(({ name }) => name === "UNet") as Exported;
  const { file, runs } = await caseOf(network, { weightsFile: "u.safetensors" });
  const { tensors } = parse(file.weights as Uint8Array);
  expect(Object.keys(tensors).sort()).toEqual(Object.keys(network.weights).sort());
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    expect(shape).toEqual(network.weights[name]?.shape);
    expect(data).toEqual(network.weights[name]?.dataSync());
  }
  expect(file.model.byteLength).toBeLessThan((file.weights as Uint8Array).byteLength);
  const [{ inputs, output }] = runs as [(typeof runs)[number]];
  const externalData = [{ path: "u.safetensors", data: file.weights as Uint8Array }];
  const options = { externalData } as InferenceSession.SessionOptions;
  expectClose((await outputOf(file, inputs, options)).data, output.data, 1e-4);
});

test("what a stochastic sampler draws are inputs of its model", async () => {
  const { run, weights } = stochastic();
  const example = normal(key(0), [2, 2]);
  const file = await exportOnnx(run, [example], {
    weights,
    dynamicBatch: true,
    names: { inputs: ["start", "noise.0", "noise.1"], outputs: ["points"] },
  });
  // The last step, to time 0, draws nothing.
  expect(file.inputs.map(({ name, shape }) => [name, shape])).toEqual(
    ["start", "noise.0", "noise.1"].map((name) => [name, ["batch", 2]]),
  );
  const noise = [0, 1].map((step) => normal(foldIn(foldIn(noiseKey, step), 0), [2, 2]));
  const answer = run(example);
  const inputs = [example, ...noise].map(valuesOf);
  expectClose((await outputOf(file, inputs)).data, answer.dataSync(), 1e-4);
  const [start, ...drawn] = inputs as [Values, ...Values[]];
  const silent = drawn.map((values) => ({ ...values, data: new Float32Array(4) }));
  const other = (await outputOf(file, [start, ...silent])).data;
  expect(relativeError(other, answer.dataSync())).toBeGreaterThan(0.01);
  dispose([example, answer, ...noise]);
});
