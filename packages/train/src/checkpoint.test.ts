import { key } from "@gen/tensor";
import { describe, expect, test } from "vitest";
import {
  checkpointName,
  decodeCheckpoint,
  encodeCheckpoint,
  latestCheckpoint,
  MemoryStore,
} from "./index.ts";
import { crc32 } from "./crc32.ts";

const bytes = encodeCheckpoint({
  step: 12,
  key: key(7),
  config: { note: '"checksum":"00000000"', rate: 0.5 },
  tensors: {
    "model.weight": { dtype: "F32", shape: [2, 2], data: Float32Array.of(1, -2, 3.5, 1e-30) },
    "model.count": { dtype: "I32", shape: [], data: Int32Array.of(41) },
  },
});

test("the checksum is that of gzip", () => {
  const digits = new TextEncoder().encode("123456789");
  expect(crc32(digits)).toBe(0xcbf43926);
  expect(crc32(digits.subarray(4), crc32(digits.subarray(0, 4)))).toBe(0xcbf43926);
});

test("a checkpoint reads as it was written", () => {
  const { step, key: root, config, tensors } = decodeCheckpoint(bytes);
  expect(step).toBe(12);
  expect(root.toJSON()).toEqual(key(7).toJSON());
  expect(config).toEqual({ note: '"checksum":"00000000"', rate: 0.5 });
  expect([...tensors["model.weight"]!.data]).toEqual([1, -2, 3.5, Math.fround(1e-30)]);
  expect(tensors["model.weight"]!.shape).toEqual([2, 2]);
  expect([...tensors["model.count"]!.data]).toEqual([41]);
});

describe("a damaged file", () => {
  test("cut short at any byte is refused in one sentence", () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeCheckpoint(bytes.slice(0, length)), `${length} bytes`).toThrow(
        /^\w+: [^\n]+$/,
      );
    }
    expect(() => decodeCheckpoint(Uint8Array.of(...bytes, 0))).toThrow();
  });

  test("with any one byte changed is refused", () => {
    for (let at = 0; at < bytes.length; at++) {
      for (const flip of [1, 0x20, 0xff]) {
        const damaged = bytes.slice();
        damaged[at]! ^= flip;
        expect(() => decodeCheckpoint(damaged), `byte ${at} ^ ${flip}`).toThrow();
      }
    }
  });

  test("cut short at any byte is passed over for the one before it", async () => {
    const store = new MemoryStore();
    await store.write(
      checkpointName(11),
      encodeCheckpoint({ ...decodeCheckpoint(bytes), step: 11 }),
    );
    for (let length = 0; length < bytes.length; length++) {
      await store.write(checkpointName(12), bytes.slice(0, length));
      const refused: string[] = [];
      const latest = await latestCheckpoint(store, ({ name }) => refused.push(name));
      expect(latest?.checkpoint.step).toBe(11);
      expect(refused).toEqual([checkpointName(12)]);
    }
    await store.write(checkpointName(12), bytes);
    expect((await latestCheckpoint(store))?.checkpoint.step).toBe(12);
  });

  test("is not silently taken for no file at all", async () => {
    const store = new MemoryStore();
    expect(await latestCheckpoint(store)).toBeUndefined();
    await store.write("notes.txt", bytes);
    expect(await latestCheckpoint(store)).toBeUndefined();
    await store.write(checkpointName(12), bytes.slice(1));
    await expect(latestCheckpoint(store)).rejects.toThrow(
      "all checkpoints are damaged (step-00000012.safetensors); remove them to start anew",
    );
  });
});
