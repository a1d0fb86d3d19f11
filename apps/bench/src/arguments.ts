import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Failure } from "./failure.ts";
import { workloads } from "./workloads/index.ts";

/** Who runs beside our own backend. */
export const peerNames = [
  "torch-eager",
  "torch-compile",
  "tfjs-node",
  "tfjs-wasm",
  "tfjs-cpu",
] as const;
export type PeerName = (typeof peerNames)[number];

export const benchDevices = ["cpu", "webgpu", "cuda"] as const;
export type BenchDevice = (typeof benchDevices)[number];

export interface Arguments {
  help: boolean;
  /** Their names. */
  workloads: readonly string[];
  peers: readonly PeerName[];
  rounds: number;
  /** How long one block of steps should take. */
  blockMs: number;
  /** How long one of TensorFlow.js's backends may take for one workload. */
  capMs: number;
  threads: number;
  /** Where our backend computes; PyTorch takes the GPU where ours does. */
  device: BenchDevice;
  /** The command that starts a Python with torch. */
  python?: string | undefined;
  json?: string | undefined;
}

export const usage: string = `Times training and sampling on our backend against PyTorch and TensorFlow.js, in turns.

Usage: pnpm bench [options]

  --workloads NAMES out of ${workloads.map(({ name }) => name).join(",")} (default: all)
  --peers NAMES     out of ${peerNames.join(",")} (default: all), or none
  --python PATH     a Python that has torch (default: the environment variable GEN_PYTHON, else PyTorch is left out)
  --rounds N        how many times each takes its turn (default 5, at least 1)
  --quick           2 rounds, short ones
  --threads N       threads of our backend and of PyTorch (default: all cores)
  --device NAME     where our backend computes, out of ${benchDevices.join(",")} (default cpu); with another than cpu
                    PyTorch uses its GPU, and operations are not counted
  --cap SECONDS     the most that one backend of TensorFlow.js may take for one workload (default 30)
  --json FILE       writes the results
  --help
`;

const options = {
  workloads: { type: "string" },
  peers: { type: "string" },
  python: { type: "string" },
  rounds: { type: "string" },
  quick: { type: "boolean" },
  threads: { type: "string" },
  device: { type: "string" },
  cap: { type: "string" },
  json: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

/** @throws a Failure of one sentence where something cannot be understood */
export function parseArguments(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): Arguments {
  // `pnpm bench -- --quick` hands the two dashes on.
  const args = argv[0] === "--" ? argv.slice(1) : [...argv];
  const values = read(args);
  const { quick = false } = values;
  return {
    help: values.help ?? false,
    workloads: list(values.workloads ?? workloadNames.join(), "workload", workloadNames),
    peers: values.peers === "none" ? [] : list(values.peers ?? peerNames.join(), "peer", peerNames),
    rounds: whole("--rounds", values.rounds, quick ? 2 : 5),
    blockMs: quick ? 300 : 1500,
    capMs: 1000 * whole("--cap", values.cap, 30),
    threads: whole("--threads", values.threads, availableParallelism()),
    device: oneOf(values.device ?? "cpu", "device", benchDevices),
    python: values.python ?? (env["GEN_PYTHON"] || undefined),
    json: values.json,
  };
}

const workloadNames = workloads.map(({ name }) => name);

function read(args: string[]) {
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    const [sentence] = (error as Error).message.split(/(?<=')\. |\n/);
    throw new Failure(`${sentence}; see --help`, 2);
  }
}

function list<T extends string>(text: string, what: string, known: readonly T[]): T[] {
  return text.split(",").map((name) => oneOf(name, what, known));
}

function oneOf<T extends string>(name: string, what: string, known: readonly T[]): T {
  if ((known as readonly string[]).includes(name)) return name as T;
  throw new Failure(`there is no ${what} "${name}"; there are ${known.join(", ")}`, 2);
}

function whole(option: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^[1-9]\d{0,6}$/.test(text)) {
    throw new Failure(`${option} must be a positive whole number, got "${text}"`, 2);
  }
  return Number(text);
}
