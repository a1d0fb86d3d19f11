import { basename, dirname, extname, join } from "node:path";
import { defineCommand } from "citty";
import { dispose, exportOnnx, type OnnxExport } from "@gen/tensor";
import { integerOption } from "../arguments.ts";
import { writeFileAtomic } from "../atomic-file.ts";
import { chooseBackend } from "../backend.ts";
import { choice, commonOptions } from "../common-options.ts";
import { Failure, messageOf, misuse } from "../failure.ts";
import { families } from "../families/index.ts";
import type { ExportedPart, Part } from "../family.ts";
import { makeFolder } from "../file-store.ts";
import { familyOf } from "../find-family.ts";
import { newestCheckpoint } from "../load-run.ts";
import { createOutput, type Output } from "../output.ts";
import { readRun } from "../run-folder.ts";
import { type Owner, readSettings, settingOptions } from "../settings.ts";

const partNames = [...new Set(families.flatMap(({ parts = {} }) => Object.keys(parts)))];
const owners: readonly Owner[] = families.flatMap(({ parts = {} }) =>
  Object.entries(parts).map(([part, { settings = {} }]) => ({ name: `--part ${part}`, settings })),
);
const whose = families
  .filter(({ parts }) => parts)
  .map(({ task, parts = {} }) => `of ${task}: ${Object.keys(parts).join(", ")}`);

const args = {
  run: { type: "positional", description: "Run folder of gen train", required: true },
  part: choice(`What of it; the first if left out (${whose.join("; ")})`, partNames),
  out: {
    type: "string",
    valueHint: "file",
    description: "Where the model goes (default <run>/<part>.onnx)",
  },
  batch: {
    type: "string",
    valueHint: "any|n",
    description: "Batch size of the model",
    default: "any",
  },
  weights: {
    ...choice("In the model's file, or beside it as safetensors", ["inside", "beside"]),
    default: "inside",
  },
  ...(settingOptions(owners) as object),
  ...commonOptions,
} as const;

export const exportCommand = defineCommand({
  meta: {
    name: "export",
    description: [
      "Write a part of a run (its denoiser, whole sampler, decoder, classifier, …) as an ONNX model, which runs wherever ONNX does.",
      "Examples:",
      "  gen export runs/mnist-flow",
      "  gen export runs/mnist-flow --part sampler --steps 10 --guidance-scale 2 --out digits.onnx",
      "  gen export runs/mnist-classifier --weights beside --batch 1",
    ].join("\n"),
  },
  args,
  async run({ args: given }) {
    const output = createOutput(given.json === true);
    const { config, examples } = readRun(given.run);
    const family = familyOf(config);
    const [name, part] = partOf(family, given.run, given.part);
    const settings = readSettings(
      { name: `a ${name}`, settings: part.settings ?? {} },
      { ...given },
      examples,
      owners,
    );
    const batch =
      given.batch === "any" ? undefined : integerOption("--batch", given.batch, 1, 1_000_000);
    const file = given.out ?? join(given.run, `${name}.onnx`);
    if (extname(file).toLowerCase() !== ".onnx") {
      throw misuse(`--out: give a name that ends in .onnx, got "${file}".`);
    }
    const weightsFile =
      given.weights === "beside" ? `${basename(file, extname(file))}.safetensors` : undefined;

    const found = await newestCheckpoint(given.run, output);
    await chooseBackend({ backend: "onnx", device: "cpu" }, output);
    const trained = await family.load(config, examples, found);
    const written = await write(part.build(trained, examples, settings), batch, weightsFile, {
      run: config.preset,
      part: name,
      checkpoint: found.name,
    });
    trained.dispose();
    makeFolder(dirname(file));
    // First what the model refers to.
    const beside = weightsFile && join(dirname(file), weightsFile);
    if (beside) writeFileAtomic(beside, written.weights as Uint8Array);
    writeFileAtomic(file, written.model);
    tell(output, written, file, beside);
    return 0;
  },
});

function partOf(
  { task, parts = {} }: { task: string; parts?: Readonly<Record<string, Part>> },
  folder: string,
  wanted: string | undefined,
): [string, Part] {
  const names = Object.keys(parts);
  const name = wanted ?? names[0];
  if (name === undefined)
    throw misuse(`${folder} is a run of gen train ${task}, which has no parts to export.`);
  const part = parts[name];
  if (!part) {
    throw misuse(
      `--part ${name}: ${folder} is a run of gen train ${task}, which has ${names.join(" and ")}.`,
    );
  }
  return [name, part];
}

async function write(
  { fn, inputs, names, weights, metadata }: ExportedPart,
  batch: number | undefined,
  weightsFile: string | undefined,
  about: Record<string, string>,
): Promise<OnnxExport> {
  const examples = inputs(batch ?? 1);
  try {
    return await exportOnnx(fn, examples, {
      names,
      weights,
      metadata: { ...about, ...metadata },
      dynamicBatch: batch === undefined,
      ...(weightsFile && { weightsFile }),
    });
  } catch (error) {
    throw new Failure(messageOf(error), 1, { cause: error });
  } finally {
    dispose(examples);
  }
}

function tell(
  output: Output,
  { model, weights, inputs, outputs }: OnnxExport,
  file: string,
  beside: string | undefined,
): void {
  const list = (tensors: OnnxExport["inputs"]): string =>
    tensors.map(({ name, type, shape }) => `${name} ${type} [${shape.join(", ")}]`).join(", ");
  output.say(`Wrote ${file}${beside ? ` and ${beside}` : ""}`);
  output.say(`  takes ${list(inputs)}`);
  output.say(`  gives ${list(outputs)}`);
  output.event("export", {
    model: file,
    bytes: model.byteLength,
    ...(beside && { weights: beside, weightsBytes: weights?.byteLength }),
    inputs,
    outputs,
  });
}
