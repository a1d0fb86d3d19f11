import { parse, serialize, type StoredTensor } from "@gen/safetensors";
import { encodeModel } from "../onnx/encode.ts";
import type { ElementType, ExternalData, ModelConstant } from "../onnx/types.ts";
import { isHost } from "../runtime/data.ts";
import type { HeldCounts } from "../runtime/held-counts.ts";
import type { ModelRecording } from "./model-recording.ts";
import { type Initializer, type Signature, unify } from "./unify.ts";

export interface WriteOptions {
  /** The batch size of each recording; recordings at several make one model for any. */
  batchSizes: readonly number[];
  outputNames: readonly string[];
  /** The name of the file beside the model that holds the weights. */
  weightsFile?: string | undefined;
  metadata?: Readonly<Record<string, string>> | undefined;
}

export interface WrittenModel {
  model: Uint8Array;
  weights: Uint8Array | undefined;
  inputs: Signature[];
  outputs: Signature[];
}

/** What a protobuf message may hold. */
const mostBytes = 2 ** 31 - 2 ** 20;

/** Writes a recorded function as a model file, and its weights as a safetensors file beside it if asked to. */
export async function writeModel(
  recordings: readonly ModelRecording[],
  held: HeldCounts,
  { batchSizes, outputNames, weightsFile, metadata = {} }: WriteOptions,
): Promise<WrittenModel> {
  const models = recordings.map((recording) => recording.model);
  const { inputs, outputs, values, nodes, weights, constants } = unify(
    models,
    batchSizes,
    outputNames,
  );
  const initializers = [...weights, ...constants];
  // Nobody may free them while they are on their way.
  for (const { data } of initializers) held.retain(data);
  try {
    const filled: Filled[] = [];
    for (const { data, ...rest } of initializers) {
      filled.push({ ...rest, data: isHost(data) ? data : await data.read() });
    }
    const inside = weightsFile === undefined ? filled : filled.slice(weights.length);
    requireRoom(inside);
    const file = weightsFile === undefined ? undefined : fileOf(filled.slice(0, weights.length));
    const outside = file ? placesIn(file, weightsFile as string, weights) : [];
    const model = encodeModel({
      inputs,
      outputs,
      values,
      nodes,
      constants: [...outside, ...inside],
      metadata,
    });
    return { model, weights: file, inputs, outputs };
  } finally {
    for (const { data } of initializers) held.release(data);
  }
}

type Filled = Omit<Initializer, "data"> & { data: ArrayBufferView };

function requireRoom(inside: readonly Filled[]): void {
  const bytes = inside.reduce((sum, { data }) => sum + data.byteLength, 0);
  if (bytes <= mostBytes) return;
  throw new Error(
    `exportOnnx: the weights take ${(bytes / 1e9).toFixed(1)} GB, and an ONNX file holds at most 2: ` +
      "give weightsFile, the name of a safetensors file to lie beside it",
  );
}

const dtypes: Partial<Record<ElementType, StoredTensor["dtype"]>> = {
  float32: "F32",
  int32: "I32",
  int64: "I64",
  uint8: "U8",
  bool: "BOOL",
};

function fileOf(weights: readonly Filled[]): Uint8Array {
  const tensors = weights.map(({ name, type, shape, data }) => {
    const dtype = dtypes[type];
    if (!dtype) throw new Error(`exportOnnx: the weight ${name} is ${type}; it must be float32`);
    return [name, { dtype, shape, data } as StoredTensor] as const;
  });
  return serialize(Object.fromEntries(tensors));
}

/** ONNX finds numbers in any file by offset and length: those of a safetensors file will do. */
function placesIn(
  file: Uint8Array,
  location: string,
  weights: readonly Initializer[],
): ModelConstant[] {
  const { tensors } = parse(file);
  return weights.map(({ name, type, shape }) => {
    const { data } = tensors[name] as StoredTensor;
    const place: ExternalData = {
      location,
      offset: data.byteOffset - file.byteOffset,
      length: data.byteLength,
    };
    return { name, type, shape, data: place };
  });
}
