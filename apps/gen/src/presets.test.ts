import { expect, test } from "vitest";
import { differences } from "./config.ts";
import { classifier } from "./families/classifier.ts";
import { flow } from "./families/flow.ts";
import { families } from "./families/index.ts";
import { parseConfig } from "./find-family.ts";
import { resolveConfig } from "./presets.ts";

test("every preset is a valid configuration under its own name", () => {
  for (const { task, presets } of families) {
    for (const [name, preset] of Object.entries(presets)) {
      expect(parseConfig(JSON.parse(JSON.stringify(preset)), name)).toEqual(preset);
      expect(preset).toMatchObject({ preset: name, task });
    }
  }
});

test("--set changes one value, as the type that stands there", () => {
  const config = resolveConfig(flow, "glyphs", [
    "optimizer.learningRate=3e-4",
    "model.multipliers=1,2",
    "model.attention=[]",
  ]);
  expect(config.optimizer.learningRate).toBe(3e-4);
  expect(config.model).toMatchObject({ multipliers: [1, 2], attention: [] });
  expect(flow.presets["glyphs"]?.optimizer.learningRate).toBe(1e-3);
});

test("choosing another kind of model or data brings that kind's settings", () => {
  const config = resolveConfig(flow, "mnist", [
    "model.kind=dit",
    "model.depth=3",
    "data.name=glyphs",
  ]);
  expect(config.model).toEqual({ kind: "dit", patch: 4, width: 128, depth: 3, heads: 4 });
  expect(config.data.name).toBe("glyphs");
});

test.each([
  ["optimiser.learningRate=1", 'There is no setting "optimiser.learningRate"'],
  ["optimizer.learningrate=1", '(did you mean "optimizer.learningRate"?)'],
  ["optimizer=1", "optimizer is a group; set one of optimizer.learningRate"],
  ["steps.x=1", "steps has no parts"],
  ["steps=many", '--set steps: "many" is not a number.'],
  ["steps=0", "preset mnist: steps must be at least 1, got 0."],
  ["steps=1.5", "steps must be a whole number, got 1.5."],
  ["steps", "write it as name=value"],
  ["flow.times=normal", 'flow.times must be uniform or logit-normal, got "normal".'],
  ["model.kind=transformer", 'There is no model.kind "transformer"; there is: unet, dit, mlp.'],
  ["optimizer.schedule=cosin", "optimizer.schedule must be constant or cosine"],
  ["__proto__.x=1", "There is no setting"],
])("--set %s is refused in one sentence", (assignment, sentence) => {
  expect(() => resolveConfig(flow, "mnist", [assignment])).toThrow(sentence);
});

test("an unknown preset is refused with the closest and the whole list", () => {
  expect(() => resolveConfig(flow, "mnsit", [])).toThrow(
    'There is no preset for gen train flow: "mnsit" (did you mean "mnist"?); there is: demo-glyphs, glyphs, mnist, cifar10, folder, points-8gaussians, points-moons, points-swissroll, points-checkerboard.',
  );
});

test("differences name the settings that change the result, and only these", () => {
  const a = resolveConfig(flow, "glyphs", []);
  const b = resolveConfig(flow, "glyphs", [
    "batchSize=8",
    "checkpointEvery=1",
    "model.baseChannels=8",
  ]);
  expect(differences(a, b)).toEqual([
    "batchSize (32 there, 8 here)",
    "model.baseChannels (32 there, 8 here)",
  ]);
  expect(differences(a, structuredClone(a))).toEqual([]);
});

test("a config file with something missing or foreign is refused by name", () => {
  const config = { ...resolveConfig(classifier, "glyphs", []) } as Record<string, unknown>;
  expect(() => parseConfig({ ...config, batchSize: undefined }, "config.json")).toThrow(
    "config.json: batchSize",
  );
  expect(() => parseConfig({ ...config, extra: 1 }, "config.json")).toThrow("config.json: extra");
  expect(() => parseConfig({ ...config, task: "guess" }, "config.json")).toThrow(
    "config.json: task",
  );
  expect(() => parseConfig([], "config.json")).toThrow("config.json");
});
