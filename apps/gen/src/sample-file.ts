import { readFileSync } from "node:fs";
import { parse, serialize } from "@gen/safetensors";
import { writeFileAtomic } from "./atomic-file.ts";
import { type Examples, sizeOf } from "./examples.ts";
import { codeOf, messageOf, misuse } from "./failure.ts";

/** Samples and, where there are classes, the labels that they were asked for. */
export interface Samples {
  numbers: Float32Array;
  labels?: Int32Array | undefined;
}

/** Writes samples as safetensors: `samples` [count, …], `labels` [count] (int32) where there are classes. */
export function writeSamples(
  path: string,
  { numbers, labels }: Samples,
  examples: Examples,
  about: Record<string, string>,
): void {
  const count = numbers.length / sizeOf(examples);
  writeFileAtomic(
    path,
    serialize(
      {
        samples: { dtype: "F32", shape: [count, ...examples.shape], data: numbers },
        ...(labels && { labels: { dtype: "I32" as const, shape: [count], data: labels } }),
      },
      about,
    ),
  );
}

/** Reads such a file back; one of other shapes or labels is refused. */
export function readSamples(path: string, { shape, classes }: Examples): Samples {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw misuse(
      `--samples ${path}: ${codeOf(error) === "ENOENT" ? "there is no such file" : messageOf(error)}.`,
    );
  }
  let tensors: ReturnType<typeof parse>["tensors"];
  try {
    ({ tensors } = parse(bytes));
  } catch (error) {
    throw misuse(`--samples ${path}: ${messageOf(error)}.`);
  }
  const { samples, labels } = tensors;
  if (
    samples?.dtype !== "F32" ||
    samples.shape.slice(1).join() !== shape.join() ||
    samples.shape.length !== shape.length + 1
  ) {
    const found = samples ? `${samples.dtype} [${samples.shape.join(", ")}]` : "none";
    throw misuse(
      `--samples ${path}: needs a tensor "samples" F32 [count, ${shape.join(", ")}], found ${found}.`,
    );
  }
  const count = samples.shape[0] as number;
  if (count < 2) throw misuse(`--samples ${path}: needs at least 2 samples, found ${count}.`);
  const bad = samples.data.find((n) => !Number.isFinite(n));
  if (bad !== undefined)
    throw misuse(`--samples ${path}: holds ${bad}; samples must be finite numbers.`);
  if (classes === 0) return { numbers: samples.data };
  if (labels?.dtype !== "I32" || labels.shape.join() !== String(count)) {
    const found = labels ? `${labels.dtype} [${labels.shape.join(", ")}]` : "none";
    throw misuse(`--samples ${path}: needs a tensor "labels" I32 [${count}], found ${found}.`);
  }
  const outside = labels.data.find((label) => label < 0 || label >= classes);
  if (outside !== undefined) {
    throw misuse(
      `--samples ${path}: label ${outside} is out of range; there are 0 to ${classes - 1}.`,
    );
  }
  return { numbers: samples.data, labels: labels.data };
}
