import { fixture } from "@gen/testing";
import { describe, expect, it } from "vitest";
import { pythonFile } from "../test/files.ts";
import { fromFloat32, parse, type StoredTensor, toFloat32 } from "./index.ts";

const { tensors } = parse(pythonFile("conversions.safetensors"));

describe("half precision equals PyTorch's", () => {
  it("as float32", () => {
    const bits = Uint16Array.from({ length: Math.ceil(65536 / 7) }, (_, i) => i * 7);
    expect(toFloat32({ dtype: "F16", shape: [bits.length], data: bits })).toEqual(
      tensors["halves"]!.data,
    );
    expect(toFloat32(tensors["brain"]!).length).toBe(tensors["numbers"]!.data.length);
  });

  it("rounded from float32", () => {
    const numbers = tensors["numbers"]!.data as Float32Array;
    expect(fromFloat32(numbers, "F16")).toEqual(tensors["half"]!.data);
    expect(fromFloat32(numbers, "BF16")).toEqual(tensors["brain"]!.data);
  });

  it("in the values that Python prints", () => {
    const { tensors: expected } = fixture<{ tensors: Record<string, { values: string[] }> }>(
      import.meta.url,
      "../test/fixtures/all.json",
    );
    const all = parse(pythonFile("all.safetensors")).tensors;
    for (const name of ["half", "brain"]) {
      const values = expected[name]!.values.map((v) => Number(v.replace("inf", "Infinity")));
      expect([...toFloat32(all[name]!)]).toEqual(values);
    }
  });
});

it.each(["F16", "BF16"] as const)(
  "every %s number but NaN survives the way to float32 and back",
  (dtype) => {
    const data = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const numbers = toFloat32({ dtype, shape: [65536], data });
    const back = fromFloat32(numbers, dtype);
    for (let i = 0; i < 65536; i++) {
      if (Number.isNaN(numbers[i]))
        expect(toFloat32({ dtype, shape: [1], data: back.subarray(i, i + 1) })[0]).toBeNaN();
      else expect(back[i]).toBe(i);
    }
  },
);

describe("toFloat32", () => {
  it("hands float32 back without a copy", () => {
    const data = Float32Array.of(1, 2);
    expect(toFloat32({ dtype: "F32", shape: [2], data })).toBe(data);
  });
  it.each<StoredTensor>([
    { dtype: "F64", shape: [2], data: Float64Array.of(0.5, -3) },
    { dtype: "I64", shape: [2], data: BigInt64Array.of(7n, -3n) },
    { dtype: "U64", shape: [2], data: BigUint64Array.of(7n, 2n ** 63n) },
    { dtype: "I8", shape: [2], data: Int8Array.of(7, -3) },
    { dtype: "BOOL", shape: [2], data: Uint8Array.of(1, 0) },
  ])("converts $dtype", (tensor) => {
    expect([...toFloat32(tensor)]).toEqual(Array.from(tensor.data as Iterable<number>, Number));
  });
});
