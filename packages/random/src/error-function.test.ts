import { expectClose, fixture } from "@gen/testing";
import { expect, it } from "vitest";
import { erf, erfInv } from "./index.ts";

interface Table {
  x: number[];
  y: number[];
}
const reference = fixture<{ erf: Table; erfInv: Table }>(
  import.meta.url,
  "../test/fixtures/random.json",
);

it("erf equals SciPy's to 1e-12, and is odd", () => {
  reference.erf.x.forEach((x, i) => {
    expectClose([erf(x)], [reference.erf.y[i] as number], 1e-12, `erf(${x})`);
    expect(erf(-x)).toBe(-erf(x));
  });
  expect(erf(Infinity)).toBe(1);
});

it("erfInv equals SciPy's to single precision, and is odd", () => {
  reference.erfInv.x.forEach((x, i) => {
    expectClose([erfInv(x)], [reference.erfInv.y[i] as number], 1e-6, `erfInv(${x})`);
    expect(erfInv(-x)).toBe(-erfInv(x));
  });
  expect(erfInv(1)).toBe(Infinity);
  expect(erfInv(-1)).toBe(-Infinity);
  expect(erfInv(1.5)).toBeNaN();
});
