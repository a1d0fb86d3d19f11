import { dirname, extname } from "node:path";
import { type CommandDef, defineCommand } from "citty";
import { pointSets } from "@gen/data";
import { integerOption } from "../arguments.ts";
import { writeFileAtomic } from "../atomic-file.ts";
import { unknown } from "../closest.ts";
import { commonOptions, dataOption } from "../common-options.ts";
import type { DataConfig } from "../config.ts";
import { loadDataset } from "../dataset.ts";
import { misuse } from "../failure.ts";
import { makeFolder } from "../file-store.ts";
import { imageGrid } from "../image-grid.ts";
import { createOutput, type Output } from "../output.ts";
import { colorOf, drawCharts } from "../plot/chart.ts";
import { pathPicture, paths } from "../plot/paths.ts";
import { samplerPicture, samplers } from "../plot/samplers.ts";
import { grids, schedulePicture } from "../plot/schedules.ts";
import { showRun } from "./show-run.ts";

/** The positional argument that chooses among names, and where the picture goes. */
function pictureOptions(known: readonly string[], example: string) {
  return {
    names: {
      type: "positional",
      required: false,
      description: `Which, with commas between them, or all: ${known.join(", ")} (default ${example})`,
    },
    out: { type: "string", valueHint: "file", description: "The picture (default out/<what>.svg)" },
    ...commonOptions,
  } as const;
}

const pathNames = Object.keys(paths);
const usualPaths =
  "rectifiedFlow,trigonometric,linearBetas,scaledLinearBetas,sigmoidPath,laplacePath";

const showPath = defineCommand({
  meta: { name: "path", description: "Draw a, b and the log-SNR of noise paths (SVG)." },
  args: pictureOptions(pathNames, usualPaths),
  run: ({ args }) => {
    const names = choose("gen show path", args.names ?? usualPaths, pathNames);
    return write(createOutput(args.json === true), args.out ?? "out/path.svg", pathPicture(names));
  },
});

const gridNames = Object.keys(grids);

const showSchedule = defineCommand({
  meta: {
    name: "schedule",
    description: "Draw the noise levels of step grids, and the densities of training times (SVG).",
  },
  args: {
    ...pictureOptions(gridNames, "all"),
    steps: { type: "string", description: "Steps of the grids (default 10)" },
  },
  run: ({ args }) => {
    const names = choose("gen show schedule", args.names ?? "all", gridNames);
    const steps = integerOption("--steps", args.steps ?? "10", 2, 1000);
    const svg = schedulePicture(names, steps);
    return write(createOutput(args.json === true), args.out ?? "out/schedule.svg", svg);
  },
});

const samplerNames = Object.keys(samplers);
const usualSamplers = "euler,heun,dpmSolverPlusPlusMultistep,uniPC,ddpm";

const showSampler = defineCommand({
  meta: {
    name: "sampler",
    description:
      "Draw samplers' trajectories over a density whose score is exact, and their error over steps (SVG).",
  },
  args: {
    ...pictureOptions(samplerNames, usualSamplers),
    steps: { type: "string", description: "Steps of the trajectories (default 12)" },
    count: { type: "string", description: "How many trajectories (default 40)" },
    seed: { type: "string", description: "Seed of the noise (default 0)" },
  },
  run: ({ args }) => {
    const names = choose("gen show sampler", args.names ?? usualSamplers, samplerNames);
    const settings = {
      steps: integerOption("--steps", args.steps ?? "12", 1, 1000),
      count: integerOption("--count", args.count ?? "40", 1, 1000),
      seed: integerOption("--seed", args.seed ?? "0", 0, 2 ** 32 - 1),
    };
    const svg = samplerPicture(names, settings);
    return write(createOutput(args.json === true), args.out ?? "out/sampler.svg", svg);
  },
});

const pointNames = Object.keys(pointSets) as (keyof typeof pointSets)[];
const imageNames = ["glyphs", "mnist", "cifar10"] as const;

const showData = defineCommand({
  meta: {
    name: "data",
    description: "Draw examples of a data set: points of the plane as SVG, images as PNG.",
  },
  args: {
    ...pictureOptions([...pointNames, ...imageNames], "all points"),
    count: { type: "string", description: "How many examples (default 1000 points, 100 images)" },
    seed: { type: "string", description: "Seed of the sets that are made (default 0)" },
    ...dataOption,
  },
  run: async ({ args }) => {
    const output = createOutput(args.json === true);
    const seed = integerOption("--seed", args.seed ?? "0", 0, 2 ** 32 - 1);
    const count = (usual: number): number =>
      integerOption("--count", args.count ?? String(usual), 1, 10_000);
    const images = imageNames.find((name) => name === args.names);
    if (!images) {
      const allNames = args.names === undefined || args.names === "all";
      const names = choose("gen show data", allNames ? pointNames.join() : (args.names as string), [
        ...pointNames,
        ...imageNames,
      ]);
      const image = names.find((name) => !(pointNames as string[]).includes(name));
      if (image)
        throw misuse(
          `gen show data: images are drawn one set at a time; leave out what is beside ${image}.`,
        );
      const charts = await Promise.all(
        names.map(async (name, i) => {
          const set = name as keyof typeof pointSets;
          const config: DataConfig = { name: "points", set, training: count(1000), seed };
          const { training } = await loadDataset(config, undefined, output);
          return scatterChart(name, training as Float32Array, colorOf(i));
        }),
      );
      const svg = drawCharts(charts, {
        width: 220,
        height: 220,
        columns: Math.min(3, charts.length),
      });
      return write(output, args.out ?? "out/data.svg", svg);
    }
    const many = count(100);
    const parts = { training: many, heldOut: 1 };
    const config =
      images === "glyphs" ? { name: images, ...parts, seed } : { name: images, ...parts };
    const dataset = await loadDataset(config, args.data, output);
    if (dataset.kind !== "images") throw new Error(`gen show data: ${images} holds no images`);
    const { images: pixels, height, width, channels } = dataset.training;
    const shown = { pixels: pixels.subarray(0, many * height * width * channels), count: many };
    const png = imageGrid({ ...shown, height, width, channels }, { scale: 2 });
    return write(output, args.out ?? "out/data.png", png.bytes);
  },
});

function scatterChart(title: string, numbers: Float32Array, color: string) {
  const points = Array.from(
    { length: numbers.length / 2 },
    (_, i) => [numbers[2 * i] as number, numbers[2 * i + 1] as number] as const,
  );
  const axis = { low: -4.5, high: 4.5 };
  return { title, x: axis, y: axis, lines: [], scatter: [{ points, color, radius: 0.9 }] };
}

/** The names in a list with commas, each known and none twice. */
function choose(command: string, list: string, known: readonly string[]): string[] {
  const names = list === "all" ? known : list.split(",").map((name) => name.trim());
  const strange = names.find((name) => !known.includes(name));
  if (strange !== undefined) throw unknown(`name for ${command},`, strange, known);
  return [...new Set(names)];
}

/** Writes a picture whose file name says what it is. */
function write(output: Output, file: string, picture: string | Uint8Array): number {
  const ending = typeof picture === "string" ? ".svg" : ".png";
  if (extname(file).toLowerCase() !== ending) {
    throw misuse(
      `--out: this picture is ${ending.slice(1).toUpperCase()}; give a name that ends in ${ending}, got "${file}".`,
    );
  }
  makeFolder(dirname(file));
  writeFileAtomic(file, picture);
  output.say(`Wrote ${file}`);
  output.event("picture", { file });
  return 0;
}

// eslint-disable-next-line typescript/no-explicit-any -- citty's own type for a command of any arguments
export const showCommands: Record<string, CommandDef<any>> = {
  path: showPath,
  schedule: showSchedule,
  sampler: showSampler,
  data: showData,
  run: showRun,
};
