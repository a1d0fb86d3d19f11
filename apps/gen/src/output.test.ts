import { expect, test } from "vitest";
import { formatBytes, formatDuration, formatJson, formatNumber } from "./format.ts";
import { createOutput } from "./output.ts";
import { createProgress } from "./status-line.ts";

function terminal(isTTY: boolean): {
  write(text: string): void;
  isTTY: boolean;
  columns: number;
  text: string;
} {
  return {
    isTTY,
    columns: 40,
    text: "",
    write(text) {
      this.text += text;
    },
  };
}

test("on a terminal the status line is rewritten in place, cut to its width, and gone before other lines", () => {
  const out = terminal(true);
  let time = 0;
  const output = createOutput(false, out, out, () => time);
  output.status(() => "one");
  output.status(() => "too soon");
  time = 1000;
  output.status(() => "x".repeat(100));
  output.say("done");
  expect(out.text).toBe(`one\r\u001B[2K${"x".repeat(39)}\r\u001B[2Kdone\n`);
});

test("without a terminal it is a plain line every five seconds", () => {
  const out = terminal(false);
  let time = 0;
  const output = createOutput(false, out, out, () => time);
  for (time = 0; time <= 11_000; time += 500) output.status(() => `at ${time}`);
  expect(out.text).toBe("at 0\nat 5000\nat 10000\n");
});

test("for a machine there are only objects on stdout, and a number that is not finite keeps its name", () => {
  const out = terminal(true);
  const err = terminal(true);
  const output = createOutput(true, out, err, () => 0);
  output.say("words");
  output.status(() => "status");
  output.event("step", { step: 3, loss: Number.NaN });
  output.warn("careful");
  expect(out.text).toBe('{"event":"step","step":3,"loss":"NaN"}\n');
  expect(err.text).toBe("careful\n");
});

test("progress tells rate and time left of the steps of this start, the first left out", () => {
  let time = 0;
  const progress = createProgress(
    "step",
    100,
    200,
    () => time,
    () => 300 * 2 ** 20,
  );
  time = 9000; // compiling
  progress.advance(101, 2);
  expect(progress.line()).toBe("  step 101/200 · loss 2 · -:-- left · 300 MB");
  for (let step = 102; step <= 110; step++) {
    time += 500;
    progress.advance(step);
  }
  expect(progress.line()).toBe("  step 110/200 · loss 2 · 2 steps/s · 0:45 left · 300 MB");
  time += 60_000; // drawing samples
  progress.pause();
  time += 500;
  progress.advance(111);
  expect(progress.rate).toBeCloseTo(2, 6);
});

test("numbers are short and readable", () => {
  expect([0.123456, 12345.6, 1e-7, 0, 2.5e9].map(formatNumber)).toEqual([
    "0.1235",
    "12346",
    "1.000e-7",
    "0",
    "2.500e+9",
  ]);
  expect([59.6, 75, 3675, Number.NaN].map(formatDuration)).toEqual([
    "1:00",
    "1:15",
    "1:01:15",
    "-:--",
  ]);
  expect([118 * 2 ** 20, 3 * 2 ** 29].map(formatBytes)).toEqual(["118 MB", "1.5 GB"]);
  expect(formatJson({ a: Infinity })).toBe('{"a":"Infinity"}');
});
