import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { foldIn, key, normalArray } from "@gen/random";
import { parse } from "@gen/safetensors";
import { expectClose } from "@gen/testing";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Ended, runGen, tiny } from "./run-gen.ts";

let folder = "";
const at = (...parts: string[]): string => join(folder, ...parts);
const words = (text: string): string[] => text.split(" ");

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "gen-export-"));
  const small = ["--steps", "2", "--set", "data.training=20", "--set", "batchSize=4"];
  const glyphs = ["--set", "data.heldOut=10", ...small];
  const runs = await Promise.all([
    runGen([...tiny, "--steps", "2", "--out", at("points")]),
    runGen([
      ...words("train flow --preset glyphs --out"),
      at("flow"),
      ...glyphs,
      ...words("--set model.baseChannels=4 --set model.multipliers=1"),
      ...words("--set model.blocks=1 --set model.attention= --set sampleEvery=1000"),
    ]),
    runGen([
      ...words("train classifier --preset glyphs --out"),
      at("classifier"),
      ...glyphs,
      ...words("--set model.channels=4 --set model.features=8"),
    ]),
  ]);
  for (const { code, stderr } of runs) expect([code, stderr]).toEqual([0, ""]);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

interface Told {
  model: string;
  weights?: string;
  inputs: { name: string; type: string; shape: (number | string)[] }[];
  outputs: Told["inputs"];
}

async function exported(...args: string[]): Promise<Told> {
  const { code, stdout, stderr } = await runGen(["export", ...args, "--json"]);
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout.trim().split("\n").at(-1) as string) as Told;
}

const taking = (tensors: Told["inputs"]): string =>
  tensors.map(({ name, type, shape }) => `${name} ${type} [${shape.join()}]`).join(" ");

test("a flow's denoiser for any batch, its weights inside", async () => {
  const told = await exported(at("flow"));
  expect(told.model).toBe(at("flow", "denoiser.onnx"));
  expect(taking(told.inputs)).toBe(
    "x float32 [batch,28,28,1] t float32 [batch] labels int32 [batch]",
  );
  expect(taking(told.outputs)).toBe("velocity float32 [batch,28,28,1]");
  const text = readFileSync(told.model, "latin1");
  for (const word of ["conv_in.weight", "rectifiedFlow", "denoiser", "velocity"])
    expect(text).toContain(word);
  expect(readdirSync(at("flow")).filter((name) => name.includes("tmp"))).toEqual([]);
});

test("a whole sampler, its weights beside it, in a new folder", async () => {
  const told = await exported(
    at("flow"),
    ...words("--part sampler --steps 3 --solver euler --guidance-scale 1.5 --weights beside --out"),
    at("new", "digits.onnx"),
  );
  expect(taking(told.inputs)).toBe("noise float32 [batch,28,28,1] labels int32 [batch]");
  expect(taking(told.outputs)).toBe("samples float32 [batch,28,28,1]");
  expect(told.weights).toBe(at("new", "digits.safetensors"));
  const { tensors } = parse(readFileSync(told.weights as string));
  expect(tensors).toHaveProperty(["conv_in.weight"]);
  expect(readFileSync(told.model, "latin1")).toContain("digits.safetensors");

  // From the same noise it draws what gen sample draws.
  const how = ["--steps", "3", "--solver", "euler", "--guidance-scale", "1.5", "--seed", "7"];
  const out = at("drawn");
  const drawn = await runGen(["sample", at("flow"), "--count", "3", ...how, "--out", out]);
  expect(drawn.code).toBe(0);
  const { samples, labels } = parse(readFileSync(join(out, "samples.safetensors"))).tensors;
  const noise = new Float32Array(3 * 784);
  for (let i = 0; i < 3; i++) noise.set(normalArray(foldIn(foldIn(key(7), 0), i), 784), i * 784);
  const session = await InferenceSession.create(told.model);
  const results = await session.run({
    noise: new Tensor("float32", noise, [3, 28, 28, 1]),
    labels: new Tensor("int32", labels?.data as Int32Array, [3]),
  });
  const { data } = results["samples"] as Tensor;
  expectClose(data as Float32Array, samples?.data as Float32Array, 1e-4);
  await session.release();
});

test("a flow on points has no labels; a classifier gives logits and features, here for one image", async () => {
  const points = await exported(at("points"), "--part", "sampler", "--steps", "2");
  expect(taking(points.inputs)).toBe("noise float32 [batch,2]");
  const classifier = await exported(at("classifier"), "--batch", "1");
  expect(taking(classifier.inputs)).toBe("images float32 [1,28,28,1]");
  expect(taking(classifier.outputs)).toBe("logits float32 [1,10] features float32 [1,8]");
});

const bad: [string, () => string[], RegExp][] = [
  ["no run", () => [at("nothing")], /There is no run at .*nothing/],
  [
    "a part that the run has not",
    () => [at("classifier"), "--part", "sampler"],
    /--part sampler: .*classifier is a run of gen train classifier, which has classifier\./,
  ],
  ["a part that there is not", () => [at("flow"), "--part", "decodr"], /denoiser, sampler/],
  [
    "steps of a denoiser",
    () => [at("flow"), "--steps", "3"],
    /--steps is for --part sampler; a denoiser has no such thing\./,
  ],
  [
    "steps that are none",
    () => [at("flow"), "--part", "sampler", "--steps", "0"],
    /--steps must be a whole number from 1 to 100000, got "0"/,
  ],
  [
    "guidance without labels",
    () => [at("points"), "--part", "sampler", "--guidance-scale", "2"],
    /--guidance-scale 2: this model was trained without labels/,
  ],
  ["a batch of none", () => [at("flow"), "--batch", "0"], /--batch must be .* got "0"/],
  ["another ending", () => [at("flow"), "--out", at("a.pb")], /a name that ends in .onnx/],
];

test.for(bad)(
  "%s is refused in one sentence, with code 2, and nothing is written",
  async ([, args, message], { expect: check }) => {
    const before = readdirSync(folder, { recursive: true }).length;
    const { code, stdout, stderr }: Ended = await runGen(["export", ...args()]);
    check([code, stdout]).toEqual([2, ""]);
    check(stderr).toMatch(message);
    check(stderr.trim().split("\n").length).toBe(1);
    check(readdirSync(folder, { recursive: true }).length).toBe(before);
  },
);

test("a file that cannot be written is one sentence, too, and code 1", async () => {
  writeFileSync(at("file"), "");
  const { code, stderr } = await runGen(["export", at("points"), "--out", at("file", "a.onnx")]);
  expect(code).not.toBe(0);
  expect(stderr.trim().split("\n").length).toBe(1);
  expect(readFileSync(at("file"), "utf8")).toBe("");
});
