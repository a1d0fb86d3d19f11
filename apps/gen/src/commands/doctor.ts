import { release } from "node:os";
import { defineCommand } from "citty";
import {
  type BackendChoice,
  type BackendName,
  conv2d,
  dispose,
  key,
  matMul,
  normal,
  type OnnxDevice,
  settle,
  sum,
  type Tensor,
  type Tensor4D,
  tidy,
  useBackend,
} from "@gen/tensor";
import { backendNames, commonOptions, deviceNames } from "../common-options.ts";
import { Failure, messageOf } from "../failure.ts";
import { createOutput } from "../output.ts";
import { describeChoice } from "../backend.ts";
import { version } from "../version.ts";

/** A backend, or a device of the engine. */
interface Candidate {
  name: BackendName;
  device?: OnnxDevice;
}

interface Timing extends Candidate {
  works: boolean;
  /** Where it computes, for people. */
  where?: string;
  reason?: string;
  matMulMs?: number;
  matMulGflops?: number;
  convMs?: number;
  convGflops?: number;
}

const candidates: readonly Candidate[] = backendNames.flatMap((name): Candidate[] =>
  name === "onnx" ? deviceNames.map((device) => ({ name, device })) : [{ name }],
);

export const doctorCommand = defineCommand({
  meta: {
    name: "doctor",
    description:
      "Tell what runs here: Node, the platform, each backend and device with its speed, or how to install it.",
  },
  args: commonOptions,
  async run({ args }) {
    const output = createOutput(args.json === true);
    output.say(
      `gen ${version} · Node ${process.version} · ${process.platform} ${process.arch} (${release()})`,
    );
    output.event("system", {
      version,
      node: process.version,
      platform: process.platform,
      arch: process.arch,
    });
    const working: Candidate[] = [];
    for (const candidate of candidates) {
      const timing = await examine(candidate);
      if (timing.works) working.push(candidate);
      output.event("backend", { ...timing });
      output.say(`  ${optionsOf(candidate).padEnd(16)} ${describe(timing)}`);
    }
    if (working.length === 0)
      throw new Failure("No backend works here; the lines above say how to install one.");
    const byDefault = working.find(({ device }) => device === deviceNames[0]);
    if (byDefault) await use(byDefault); // the last device that was tried stays otherwise
    const choice = await useBackend();
    output.say(describeChoice(choice));
    output.event("chosen", { ...choice });
    return 0;
  },
});

function use({ name, device }: Candidate): Promise<BackendChoice> {
  return useBackend(name, device === undefined ? {} : { device });
}

function optionsOf({ name, device }: Candidate): string {
  return device === undefined ? name : `${name}, ${device}`;
}

function describe(timing: Timing): string {
  if (!timing.works) return `no: ${timing.reason}`;
  const { where, matMulMs = 0, matMulGflops = 0, convMs = 0, convGflops = 0 } = timing;
  return (
    `${where} · product ${matMulMs.toFixed(1)} ms, ${rounded(matMulGflops)} GFLOP/s` +
    ` · convolution ${convMs.toFixed(1)} ms, ${rounded(convGflops)} GFLOP/s`
  );
}

function rounded(value: number): string {
  return value.toFixed(value < 10 ? 1 : 0);
}

async function examine(candidate: Candidate): Promise<Timing> {
  try {
    const { device: where } = await use(candidate);
    return { ...candidate, works: true, where, ...(await time()) };
  } catch (error) {
    const reason = messageOf(error).replace(
      /^useBackend: the backend "\w+" cannot be used here: /,
      "",
    );
    return { ...candidate, works: false, reason };
  }
}

type Times = Required<Pick<Timing, "matMulMs" | "matMulGflops" | "convMs" | "convGflops">>;

/** A 512³ matrix product, and a 3×3 convolution, 32 → 32 channels, of 16 images of 28×28. */
async function time(): Promise<Times> {
  const matrix = normal(key(1), [512, 512]);
  const images = normal(key(2), [16, 28, 28, 32]);
  const filter = normal(key(3), [3, 3, 32, 32]) as Tensor4D;
  await settle();
  const matMulMs = await timeOfOne(matrix, (x) => matMul(x, matrix));
  const convMs = await timeOfOne(images, (x) => conv2d(x as Tensor4D, filter, 1, "same"));
  dispose([matrix, images, filter]);
  return {
    matMulMs,
    matMulGflops: (2 * 512 ** 3) / 1e6 / matMulMs,
    convMs,
    convGflops: (2 * 16 * 28 ** 2 * 9 * 32 ** 2) / 1e6 / convMs,
  };
}

const chain = 9;
const slowMs = 60;

/** Milliseconds of one operation among several in a row, so that neither its start nor reading its result counts. */
async function timeOfOne(from: Tensor, operation: (x: Tensor) => Tensor): Promise<number> {
  const one = await fastest(() => sum(operation(from)));
  if (one > slowMs) return one;
  const many = await fastest(() => {
    let x = from;
    for (let i = 0; i < chain; i++) x = operation(x);
    return sum(x);
  });
  return Math.max(many - one, many / chain / 2) / (chain - 1);
}

async function fastest(fn: () => Tensor): Promise<number> {
  let best = Infinity;
  for (let i = 0; i < 4; i++) {
    const begin = performance.now();
    const result = tidy(fn);
    await result.data();
    best = Math.min(best, performance.now() - begin);
    dispose(result);
  }
  return best;
}
