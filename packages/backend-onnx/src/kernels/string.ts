import { type TensorInfo, util } from "@tensorflow/tfjs-core";
import type { Value } from "../graph.ts";
import { binaryKernels } from "./binary.ts";
import { hostTensor, stringsOf } from "./host.ts";
import type { Kernel, Kernels } from "./kernel.ts";
import { made, shapeKernels } from "./shape.ts";
import { sparseKernels } from "./sparse.ts";

const encode = (text: string): Uint8Array => util.encodeString(text);
const decode = (bytes: Uint8Array): string => util.decodeString(bytes);

/** A kernel that only moves elements, on strings: it moves their numbers in a list, and the strings follow. */
function moving(kernel: Kernel): Kernel {
  return (call) => {
    const { backend, graph } = call;
    const list: Uint8Array[] = [];
    const numbered = (tensor: TensorInfo): Value => {
      if (tensor.dtype !== "string") return backend.value(tensor);
      const strings = stringsOf(backend, tensor);
      const numbers = Int32Array.from(strings, (_, i) => list.length + i);
      list.push(...strings);
      return graph.reshape(made(numbers), tensor.shape);
    };
    const result = kernel({
      ...call,
      input: (name) => numbered(call.tensor(name)),
      inputs: () => call.tensors().map(numbered),
    });
    const tensors = [result]
      .flat()
      .map((value) => ("dataId" in value ? value : backend.tensor(value)));
    const moved = tensors.map((tensor) => {
      const numbers = backend.readSync(tensor.dataId) as Int32Array;
      backend.disposeData(tensor.dataId);
      const strings = Array.from(numbers, (number) => list[number] as Uint8Array);
      return hostTensor(backend, strings, tensor.shape, "string");
    });
    return Array.isArray(result) ? moved : (moved[0] as TensorInfo);
  };
}

/** A comparison of strings is one of their ranks in alphabetical order. */
function comparing(kernel: Kernel): Kernel {
  return (call) => {
    const { backend, graph } = call;
    const texts = [call.tensor("a"), call.tensor("b")].map((tensor) =>
      stringsOf(backend, tensor).map(decode),
    );
    const ranks = new Map([...new Set(texts.flat())].sort().map((text, i) => [text, i]));
    const input = (name: string): Value => {
      const numbers = (texts[name === "a" ? 0 : 1] as string[]).map(
        (text) => ranks.get(text) as number,
      );
      return graph.reshape(made(Int32Array.from(numbers)), call.tensor(name).shape);
    };
    return kernel({ ...call, input });
  };
}

function tableOf(
  kernels: Kernels,
  names: readonly string[],
  wrap: (kernel: Kernel) => Kernel,
): Kernels {
  return Object.fromEntries(names.map((name) => [name, wrap(kernels[name] as Kernel)]));
}

/** What kernels of numbers do when an input is a string tensor. */
export const onStrings: Kernels = {
  ...tableOf(
    shapeKernels,
    [
      "Concat",
      "Pack",
      "Unpack",
      "SplitV",
      "Slice",
      "StridedSlice",
      "Tile",
      "Transpose",
      "GatherV2",
      "GatherNd",
      "BroadcastTo",
    ],
    moving,
  ),
  ...tableOf(
    binaryKernels,
    ["Equal", "NotEqual", "Less", "LessEqual", "Greater", "GreaterEqual"],
    comparing,
  ),
  ...tableOf(binaryKernels, ["Select"], moving),
  ...tableOf(sparseKernels, ["SparseToDense"], moving),
};

/** Kernels about strings. */
export const stringKernels: Kernels = {
  StaticRegexReplace: ({ backend, tensor, attributes: { pattern, rewrite, replaceGlobal } }) => {
    const x = tensor("x");
    const expression = new RegExp(pattern, replaceGlobal ? "g" : "");
    const replaced = stringsOf(backend, x).map((s) =>
      encode(decode(s).replace(expression, rewrite)),
    );
    return hostTensor(backend, replaced, x.shape, "string");
  },
  StringToHashBucketFast: ({ backend, tensor, attributes: { numBuckets } }) => {
    const x = tensor("input");
    const buckets = stringsOf(backend, x).map((s) =>
      util.fingerPrint64(s).modulo(numBuckets).getLowBitsUnsigned(),
    );
    return hostTensor(backend, buckets, x.shape, "int32");
  },
  StringSplit: ({ backend, tensor, attributes: { skipEmpty } }) => {
    // Any byte of the delimiter splits; without one, every byte is a token.
    const input = stringsOf(backend, tensor("input"));
    const [delimiter] = stringsOf(backend, tensor("delimiter")) as [Uint8Array];
    const rows = input.map((bytes) => {
      if (delimiter.length === 0) return Array.from(bytes, (byte) => Uint8Array.of(byte));
      if (bytes.length === 0) return [];
      const tokens: Uint8Array[] = [];
      let start = 0;
      for (let i = 0; i <= bytes.length; i++) {
        if (i < bytes.length && !delimiter.includes(bytes[i] as number)) continue;
        if (i > start || !skipEmpty) tokens.push(bytes.subarray(start, i));
        start = i + 1;
      }
      return tokens;
    });
    const indices = rows.flatMap((row, r) => row.flatMap((_, column) => [r, column]));
    const tokens = rows.flat();
    const widest = Math.max(0, ...rows.map((row) => row.length));
    return [
      hostTensor(backend, indices, [tokens.length, 2], "int32"),
      hostTensor(backend, tokens, [tokens.length], "string"),
      hostTensor(backend, [rows.length, widest], [2], "int32"),
    ];
  },
  StringNGrams: ({ backend, tensor, attributes }) => {
    const { separator, nGramWidths, leftPad, rightPad, padWidth, preserveShortSequences } =
      attributes;
    const data = stringsOf(backend, tensor("data"));
    const splits = Array.from(backend.readSync(tensor("dataSplits").dataId));
    checkSplits(splits, data.length);
    const padOf = (width: number): number =>
      Math.min(padWidth < 0 ? width - 1 : padWidth, width - 1);
    /** All runs of `width` words, with `pad` paddings before and after the row. */
    const gramsOf = (words: readonly string[], width: number, pad: number): string[][] => {
      const padding = (text: string): string[] => Array.from({ length: pad }, () => text);
      const all = [...padding(leftPad), ...words, ...padding(rightPad)];
      const count = Math.max(0, all.length - width + 1);
      return Array.from({ length: count }, (_, i) => all.slice(i, i + width));
    };
    const outSplits = [0];
    const grams: Uint8Array[] = [];
    for (let i = 0; i + 1 < splits.length; i++) {
      const words = data.slice(splits[i], splits[i + 1]).map(decode);
      const row = (nGramWidths as number[]).flatMap((width) => gramsOf(words, width, padOf(width)));
      // A row too short for any is kept whole where that is asked for.
      const rest = preserveShortSequences && row.length === 0 && words.length > 0;
      const kept = rest ? gramsOf(words, words.length + 2 * padWidth, padWidth) : row;
      grams.push(...kept.map((gram) => encode(gram.join(separator))));
      outSplits.push(grams.length);
    }
    return [
      hostTensor(backend, grams, [grams.length], "string"),
      hostTensor(backend, splits.length > 0 ? outSplits : [], [splits.length], "int32"),
    ];
  },
};

function checkSplits(splits: readonly number[], count: number): void {
  if (splits.length === 0) return;
  if (splits[0] !== 0) throw new Error(`First split value must be 0, got ${splits[0]}`);
  for (let i = 1; i < splits.length; i++) {
    const [previous, next] = [splits[i - 1] as number, splits[i] as number];
    if (previous > next || next > count) {
      throw new Error(`Invalid split value ${next}, must be in [${previous}, ${count}]`);
    }
  }
  if (splits.at(-1) !== count)
    throw new Error(`Last split value must be data size. Expected ${count}, got ${splits.at(-1)}`);
}
