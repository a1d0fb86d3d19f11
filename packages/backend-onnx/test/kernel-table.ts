import "@tensorflow/tfjs-backend-cpu";
import { readdirSync, readFileSync } from "node:fs";
import { getKernelsForBackend } from "@tensorflow/tfjs-core";
import { Graph } from "../src/graph.ts";
import type { Call, Kernel } from "../src/kernels/kernel.ts";
import { kernels } from "../src/kernels/registry.ts";

/** Kernels of TensorFlow.js's cpu backend that are not ours, and why. */
export const missing: Readonly<Record<string, string>> = {
  Draw: "it draws on a canvas of a web page",
};

const sources = new URL("../src/kernels/", import.meta.url);

/** Names of the kernels that TensorFlow.js's cpu backend has, in their order. */
export function cpuKernels(): string[] {
  return getKernelsForBackend("cpu")
    .map(({ kernelName }) => kernelName)
    .sort();
}

/** docs/kernels.md: what becomes of every kernel of TensorFlow.js's cpu backend. */
export function kernelTable(): string {
  const files = readdirSync(sources)
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .map((file) => ({ file, text: readFileSync(new URL(file, sources), "utf8") }));
  const fileOf = (name: string): string => {
    const found = files.find(({ text }) => new RegExp(`^  ${name}[:,(]`, "m").test(text));
    if (!found) throw new Error(`kernelTable: no file of src/kernels has an entry ${name}`);
    return `[${found.file}](../packages/backend-onnx/src/kernels/${found.file})`;
  };
  const names = cpuKernels();
  const count = { "to ONNX": 0, "in JavaScript": 0, no: 0 };
  const rows = names.map((name) => {
    const kernel = kernels[name];
    const how = !kernel ? "no" : readsInput(kernel) ? "in JavaScript" : "to ONNX";
    count[how]++;
    const reason = {
      "to ONNX": "",
      "in JavaScript": /String|Regex/.test(name)
        ? ": it computes with strings"
        : ": its result's shape depends on its input's numbers",
      no: `: ${missing[name]}`,
    }[how];
    return `| ${name} | ${how}${reason} | ${kernel ? fileOf(name) : ""} |`;
  });
  return [
    "# Kernels of the engine",
    "",
    "What `@gen/backend-onnx` does with each kernel of the `cpu` backend of TensorFlow.js 4.22: it is lowered to operators",
    "of ONNX, computed in JavaScript (then it reads its input, and cannot be part of a compiled function), or not there, for",
    "the reason given. Written by `pnpm --filter @gen/backend-onnx kernels`; a test says so when it is out of date.",
    "",
    `**${names.length} kernels: ${count["to ONNX"]} lowered to ONNX, ${count["in JavaScript"]} in JavaScript, ${count.no} not there.**`,
    "",
    "| kernel | lowered | where |",
    "| --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

/** Whether a kernel reads its input: it is called with tensors that have no numbers. */
function readsInput(kernel: Kernel): boolean {
  let read = false;
  const info = { dataId: {}, shape: [1], dtype: "int32" } as const;
  // Some kernels take a list of tensors under one name: this is a tensor and a list of one.
  const tensor = Object.assign([info], info);
  const value = { type: "int32", shape: [1], node: undefined, data: undefined } as const;
  const call = {
    graph: new Graph(),
    backend: {
      readSync() {
        read = true;
        throw new Error("there are no numbers");
      },
    },
    input: () => ({ ...value, constant: undefined }),
    inputs: () => [],
    tensor: () => tensor,
    tensors: () => [],
    attributes: { rowPartitionTypes: ["ROW_SPLITS"] },
  };
  try {
    kernel(call as unknown as Call);
  } catch {
    // Only whether it read is asked.
  }
  return read;
}
