import { basename, dirname, extname, join } from "node:path";
import { defineCommand } from "citty";
import { dispose, exportOnnx, type OnnxExport } from "@gen/tensor";
import { integerOption } from "../arguments.ts";
import { writeFileAtomic } from "../atomic-file.ts";
import { chooseBackend } from "../backend.ts";
import { choice, commonOptions } from "../common-options.ts";
import type { ClassifierConfig, FlowConfig } from "../config.ts";
import { classifierPart, denoiserPart, type ExportedPart, samplerPart } from "../export-parts.ts";
import { Failure, messageOf, misuse } from "../failure.ts";
import { makeFolder } from "../file-store.ts";
import { createOutput, type Output } from "../output.ts";
import { readCheckpoint, readRun, type SavedRun } from "../run-folder.ts";
import { readSampleSettings, sampleOptions } from "../sample-options.ts";
import { solvers } from "../sampling.ts";

const parts = ["denoiser", "sampler", "classifier"] as const;
type Part = (typeof parts)[number];

/** Without defaults, so that they are seen where they mean nothing. */
const samplerOptions = {
  steps: { type: "string", valueHint: "n", description: "Of a sampler: its steps (default 10)" },
  solver: choice("Of a sampler: its solver (default heun)", Object.keys(solvers)),
  "guidance-scale": {
    type: "string",
    valueHint: "s",
    description: `Of a sampler: ${sampleOptions["guidance-scale"].description}`,
  },
} as const;

const args = {
  run: { type: "positional", description: "Run folder of gen train", required: true },
  part: choice("What of it (default denoiser of a flow, classifier of a classifier)", parts),
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
  ...samplerOptions,
  ...commonOptions,
} as const;

export const exportCommand = defineCommand({
  meta: {
    name: "export",
    description: [
      "Write a run's denoiser, whole sampler or classifier as an ONNX model, which runs wherever ONNX does.",
      "Examples:",
      "  gen export runs/mnist-flow",
      "  gen export runs/mnist-flow --part sampler --steps 10 --guidance-scale 2 --out digits.onnx",
      "  gen export runs/mnist-classifier --weights beside --batch 1",
    ].join("\n"),
  },
  args,
  async run({ args: given }) {
    const output = createOutput(given.json === true);
    const run = readRun(given.run);
    const part = partOf(run, given.run, given.part as Part | undefined);
    refuseUnused(part, given);
    const settings = readSampleSettings(
      {
        count: "1",
        labels: "all",
        seed: "0",
        steps: given.steps ?? "10",
        solver: given.solver ?? "heun",
        "guidance-scale": given["guidance-scale"],
      },
      run.examples,
    );
    if (run.examples.classes === 0 && settings.guidanceScale !== 1) {
      throw misuse(
        `--guidance-scale ${given["guidance-scale"]}: this model was trained without labels; leave it out.`,
      );
    }
    const batch =
      given.batch === "any" ? undefined : integerOption("--batch", given.batch, 1, 1_000_000);
    const file = given.out ?? join(given.run, `${part}.onnx`);
    if (extname(file).toLowerCase() !== ".onnx") {
      throw misuse(`--out: give a name that ends in .onnx, got "${file}".`);
    }
    const weightsFile =
      given.weights === "beside" ? `${basename(file, extname(file))}.safetensors` : undefined;

    const found = await readCheckpoint(given.run, ({ name, reason }) =>
      output.warn(`gen: ${name} is passed over: ${reason}.`),
    );
    await chooseBackend({ backend: "onnx", device: "cpu" }, output);
    const { config, examples } = run;
    const exported =
      part === "classifier"
        ? classifierPart(config as ClassifierConfig, examples, found)
        : part === "denoiser"
          ? denoiserPart(config as FlowConfig, examples, found)
          : samplerPart(config as FlowConfig, examples, found, settings);
    const written = await write(exported, batch, weightsFile, {
      run: config.preset,
      part,
      checkpoint: found.name,
    });
    makeFolder(dirname(file));
    // First what the model refers to.
    const beside = weightsFile && join(dirname(file), weightsFile);
    if (beside) writeFileAtomic(beside, written.weights as Uint8Array);
    writeFileAtomic(file, written.model);
    tell(output, written, file, beside);
    return 0;
  },
});

function partOf({ config }: SavedRun, folder: string, wanted: Part | undefined): Part {
  const possible: readonly Part[] =
    config.task === "flow" ? ["denoiser", "sampler"] : ["classifier"];
  const part = wanted ?? (possible[0] as Part);
  if (!possible.includes(part)) {
    throw misuse(
      `--part ${part}: ${folder} is a run of gen train ${config.task}, which has ${possible.join(" and ")}.`,
    );
  }
  return part;
}

function refuseUnused(part: Part, given: Record<string, unknown>): void {
  const unused =
    part === "sampler"
      ? undefined
      : Object.keys(samplerOptions).find((option) => given[option] !== undefined);
  if (unused) throw misuse(`--${unused} is for --part sampler; a ${part} has no such thing.`);
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
