import { closeSync, openSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { writeFailure } from "./atomic-file.ts";
import { maskedCrc32c } from "./crc32c.ts";

/** Something of `tensorflow.Event`: its field numbers are those of tensorflow/core/util/event.proto. */
export type TensorBoardEvent =
  | { fileVersion: string }
  | { sessionStart: number }
  | { scalars: Record<string, number>; step: number }
  | {
      image: { tag: string; png: Uint8Array; width: number; height: number; channels: number };
      step: number;
    };

/** The bytes of one `tensorflow.Event`. */
export function encodeEvent(event: TensorBoardEvent, wallTime: number): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Bit64).double(wallTime);
  if ("fileVersion" in event)
    return writer.tag(3, WireType.LengthDelimited).string(event.fileVersion).finish();
  if ("sessionStart" in event) {
    // SessionLog { status = START }: the reader drops what an earlier, killed run wrote from this step on.
    writer.tag(2, WireType.Varint).int64(event.sessionStart);
    return writer
      .tag(7, WireType.LengthDelimited)
      .fork()
      .tag(1, WireType.Varint)
      .int32(1)
      .join()
      .finish();
  }
  writer.tag(2, WireType.Varint).int64(event.step);
  writer.tag(5, WireType.LengthDelimited).fork();
  if ("scalars" in event) {
    for (const [tag, value] of Object.entries(event.scalars)) {
      writer.tag(1, WireType.LengthDelimited).fork();
      writer.tag(1, WireType.LengthDelimited).string(tag);
      writer.tag(2, WireType.Bit32).float(value).join();
    }
  } else {
    const { tag, png, width, height, channels } = event.image;
    writer.tag(1, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).string(tag);
    writer.tag(4, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.Varint).int32(height);
    writer.tag(2, WireType.Varint).int32(width);
    writer.tag(3, WireType.Varint).int32(channels);
    writer.tag(4, WireType.LengthDelimited).bytes(png).join().join();
  }
  return writer.join().finish();
}

/** A TFRecord: length, its masked checksum, the data, its masked checksum; little-endian. */
export function frameRecord(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(12 + data.length + 4);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc32c(data), true);
  return record;
}

/** A TensorBoard event file. */
export interface EventFile {
  readonly path: string;
  write(event: TensorBoardEvent): void;
  close(): void;
}

/**
 * Begins an event file in a run folder. Each start of a run has its own; TensorBoard reads them as one.
 *
 * @param step where this start of the run begins
 */
export function createEventFile(folder: string, step: number): EventFile {
  const seconds = Math.floor(Date.now() / 1000);
  const name = `events.out.tfevents.${String(seconds).padStart(10, "0")}.${hostname()}.${process.pid}.gen`;
  const path = join(folder, name);
  const guarded = <T>(fn: () => T): T => {
    try {
      return fn();
    } catch (error) {
      throw writeFailure(path, error);
    }
  };
  const file = guarded(() => openSync(path, "a"));
  const write = (event: TensorBoardEvent): void => {
    const record = frameRecord(encodeEvent(event, Date.now() / 1000));
    guarded(() => writeSync(file, record));
  };
  write({ fileVersion: "brain.Event:2" });
  write({ sessionStart: step });
  return { path, write, close: () => closeSync(file) };
}
