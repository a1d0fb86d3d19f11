import { describe, expect, test } from "vitest";
import { checkArguments, everyValue, integerOption, numberOption } from "./arguments.ts";
import { choice } from "./common-options.ts";
import { closest, editDistance } from "./closest.ts";

const args = {
  run: { type: "positional", description: "Run folder" },
  steps: { type: "string", description: "How many" },
  solver: choice("How", ["euler", "heun"]),
  json: { type: "boolean" },
} as const;
const check =
  (...raw: string[]): (() => void) =>
  () =>
    checkArguments("gen x", raw, args);

describe("checkArguments", () => {
  test("lets through what is defined, in either form", () => {
    expect(check("runs/a", "--steps", "3", "--solver=heun", "--json")).not.toThrow();
    expect(check("runs/a", "--steps", "-3")).not.toThrow();
  });
  test("refuses an unknown option and names the closest", () => {
    expect(check("runs/a", "--step", "3")).toThrow(
      "gen x: there is no option --step (did you mean --steps?); there is: --steps, --solver, --json.",
    );
  });
  test("refuses a value that is not among the options", () => {
    expect(check("runs/a", "--solver", "huen")).toThrow(
      'There is no value of --solver "huen" (did you mean "heun"?); there is: euler, heun.',
    );
  });
  test("refuses an option without its value", () => {
    expect(check("runs/a", "--steps")).toThrow("--steps needs a value: How many");
    expect(check("runs/a", "--steps", "--json")).toThrow("--steps needs a value");
    expect(check("runs/a", "--json=1")).toThrow("--json takes no value");
  });
  test("refuses too many and too few arguments", () => {
    expect(check("a", "b")).toThrow('"b" is one argument too many; it takes only <run>');
    expect(check()).toThrow("<run> is missing: Run folder");
  });
});

test("an option given twice keeps both values", () => {
  expect(everyValue(["--set", "a=1", "x", "--set=b=2"], "set")).toEqual(["a=1", "b=2"]);
});

test("numbers are read strictly", () => {
  expect(integerOption("--steps", "12", 1)).toBe(12);
  expect(() => integerOption("--steps", "1.5", 1)).toThrow(
    '--steps must be a whole number at least 1, got "1.5".',
  );
  expect(() => integerOption("--steps", "0", 1, 9)).toThrow("from 1 to 9");
  expect(() => integerOption("--steps", "1e999", 1)).toThrow("whole number");
  expect(numberOption("--scale", "1.5", 0, 10)).toBe(1.5);
  expect(() => numberOption("--scale", "NaN", 0, 10)).toThrow(
    '--scale must be a number from 0 to 10, got "NaN".',
  );
});

test("the closest name is found by letters or by its beginning, and nonsense has none", () => {
  expect(editDistance("kitten", "sitting")).toBe(3);
  expect(closest("mnits", ["mnist", "glyphs"])).toBe("mnist");
  expect(closest("classif", ["flow", "classifier"])).toBe("classifier");
  expect(closest("qqqqqq", ["mnist", "glyphs"])).toBeUndefined();
});
