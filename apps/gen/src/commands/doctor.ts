import { release } from "node:os";
import { defineCommand } from "citty";
import {
  conv2d,
  dispose,
  key,
  matMul,
  normal,
  settle,
  type Tensor,
  tidy,
  useBackend,
  type BackendName,
} from "@gen/tensor";
import { backendNames, commonOptions } from "../common-options.ts";
import { Failure, messageOf } from "../failure.ts";
import { createOutput } from "../output.ts";
import { describeChoice } from "../backend.ts";
import { version } from "../version.ts";

interface Timing {
  name: string;
  works: boolean;
  device?: string;
  reason?: string;
  matMulMs?: number;
  convMs?: number;
}

export const doctorCommand = defineCommand({
  meta: {
    name: "doctor",
    description:
      "Tell what runs here: Node, the platform, each backend with its speed, or how to install it.",
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
    let works = 0;
    for (const name of backendNames) {
      const timing = await examine(name);
      if (timing.works) works++;
      output.event("backend", { ...timing });
      const times = timing.works
        ? `${timing.device} · 512³ matmul ${timing.matMulMs?.toFixed(1)} ms · convolution ${timing.convMs?.toFixed(1)} ms`
        : `no: ${timing.reason}`;
      output.say(`  ${name.padEnd(10)} ${times}`);
    }
    if (works === 0)
      throw new Failure("No backend works here; the lines above say how to install one.");
    const choice = await useBackend();
    output.say(describeChoice(choice));
    output.event("chosen", { ...choice });
    return 0;
  },
});

async function examine(name: BackendName): Promise<Timing> {
  try {
    const { device } = await useBackend(name);
    return { name, works: true, device, ...(await time()) };
  } catch (error) {
    return {
      name,
      works: false,
      reason: messageOf(error).replace(/^useBackend: the backend "\w+" cannot be used here: /, ""),
    };
  }
}

/** Milliseconds of a 512³ matrix product and of a 3×3 convolution, 32 → 32 channels, on 16 images of 28×28. */
async function time(): Promise<{ matMulMs: number; convMs: number }> {
  const matrix = normal(key(1), [512, 512]);
  const images = normal(key(2), [16, 28, 28, 32]);
  const filter = normal(key(3), [3, 3, 32, 32]);
  await settle();
  const matMulMs = await fastest(() => matMul(matrix, matrix));
  const convMs = await fastest(() => conv2d(images as never, filter as never, 1, "same"));
  dispose([matrix, images, filter]);
  return { matMulMs, convMs };
}

async function fastest(fn: () => Tensor): Promise<number> {
  let best = Infinity;
  for (let i = 0; i < 4; i++) {
    const begin = performance.now();
    const result = tidy(fn);
    await settle(result);
    await result.data();
    best = Math.min(best, performance.now() - begin);
    dispose(result);
  }
  return best;
}
