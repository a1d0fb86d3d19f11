import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { expect, test } from "vitest";
import { crc32c, maskedCrc32c } from "./crc32c.ts";
import { createEventFile, encodeEvent, frameRecord } from "./tensorboard.ts";

test("CRC-32C gives the check values of RFC 3720, appendix B.4", () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
  expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
});

test("a record is length, checksum, data, checksum", () => {
  // The first record of every event file that TensorFlow writes begins with these twelve bytes: length 24.
  const record = frameRecord(encodeEvent({ fileVersion: "brain.Event:2" }, 1.5));
  expect([...record.subarray(0, 12)]).toEqual([24, 0, 0, 0, 0, 0, 0, 0, 0xa3, 0x7f, 0x4b, 0x22]);
  expect(record.length).toBe(12 + 24 + 4);
  expect(Buffer.from(record.subarray(12, 36)).toString("hex")).toBe(
    "09000000000000f83f1a0d627261696e2e4576656e743a32",
  );
});

test("scalars are encoded as Summary values of an Event with its step", () => {
  const bytes = encodeEvent({ scalars: { loss: 0.5 }, step: 300 }, 2);
  expect(Buffer.from(bytes).toString("hex")).toBe(
    "09000000000000004010ac022a0d0a0b0a046c6f7373150000003f",
  );
});

test("an event file holds whole records, and a new start tells TensorBoard from which step", () => {
  const folder = mkdtempSync(join(tmpdir(), "gen-events-"));
  try {
    const events = createEventFile(folder, 7);
    events.write({ scalars: { loss: 1 }, step: 8 });
    events.write({
      image: { tag: "samples", png: Uint8Array.of(1, 2), width: 4, height: 3, channels: 1 },
      step: 8,
    });
    events.close();
    const file = readFileSync(events.path);
    const fields: number[][] = [];
    for (let at = 0; at < file.length;) {
      const length = Number(file.readBigUInt64LE(at));
      expect(file.readUInt32LE(at + 8)).toBe(maskedCrc32c(file.subarray(at, at + 8)));
      const data = file.subarray(at + 12, at + 12 + length);
      expect(file.readUInt32LE(at + 12 + length)).toBe(maskedCrc32c(data));
      const reader = new BinaryReader(data);
      const found: number[] = [];
      while (reader.pos < reader.len) {
        const [field, type] = reader.tag();
        found.push(field);
        reader.skip(type);
      }
      fields.push(found);
      at += 16 + length;
    }
    expect(fields).toEqual([
      [1, 3],
      [1, 2, 7],
      [1, 2, 5],
      [1, 2, 5],
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
