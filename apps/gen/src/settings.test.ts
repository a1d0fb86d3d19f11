import { expect, test } from "vitest";
import {
  guidanceSetting,
  numberSetting,
  optionName,
  readSettings,
  settingOptions,
  wholeSetting,
  wordSetting,
} from "./settings.ts";

const steps = wholeSetting("Steps", { low: 1, high: 10, fallback: 5 });
const tall = {
  name: "tall",
  settings: {
    steps,
    solver: wordSetting("Solver", ["heun", "euler"], "heun"),
    guidanceScale: guidanceSetting("Guidance", 2),
  },
};
const small = {
  name: "small",
  settings: { steps, topP: numberSetting("Share", { low: 0, high: 1, fallback: 1 }) },
};
const owners = [tall, small];
const labelled = { shape: [2], classes: 3 };
const plain = { shape: [2], classes: 0 };

test("settings left out are what they usually are, given ones are read as what they are", () => {
  expect(readSettings(tall, {}, labelled, owners)).toEqual({
    steps: 5,
    solver: "heun",
    guidanceScale: 2,
  });
  const given = { steps: "7", solver: "euler", "guidance-scale": "1.5" };
  expect(readSettings(tall, given, labelled, owners)).toEqual({
    steps: 7,
    solver: "euler",
    guidanceScale: 1.5,
  });
  expect(readSettings(tall, {}, plain, owners).guidanceScale).toBe(1);
});

test.each([
  [tall, { steps: "11" }, '--steps must be a whole number from 1 to 10, got "11".'],
  [tall, { solver: "huen" }, '"huen" (did you mean "heun"?)'],
  [tall, { "guidance-scale": "2" }, "--guidance-scale 2: this model was trained without labels"],
  [tall, { "top-p": "0.5" }, "--top-p is for small; tall has no such thing."],
  [small, { solver: "heun" }, "--solver is for tall; small has no such thing."],
])("%# what cannot be is refused in one sentence", (owner, given, sentence) => {
  expect(() => readSettings<typeof owner.settings>(owner, given, plain, owners)).toThrow(sentence);
});

test("an option that several have is told once, with whose it is", () => {
  const options = settingOptions(owners);
  expect(Object.keys(options)).toEqual(["steps", "solver", "guidance-scale", "top-p"]);
  expect(options["steps"]?.description).toBe("Of tall, small: Steps (default 5)");
  expect(options["solver"]).toMatchObject({ valueHint: "heun|euler" });
  expect(optionName("guidanceScale")).toBe("guidance-scale");
});
