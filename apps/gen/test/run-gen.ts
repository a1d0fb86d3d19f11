import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("../../../tooling/scripts/gen.mjs", import.meta.url));

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** Starts the real command line as a process of its own. */
export function startGen(
  args: readonly string[],
  env: Record<string, string> = {},
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [script, ...args], {
    env: { ...process.env, GEN_BACKEND: "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (text: Buffer) => (stdout += text.toString()));
  child.stderr.on("data", (text: Buffer) => (stderr += text.toString()));
  const ended = new Promise<Ended>((resolve) => {
    child.once("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, ended };
}

/** Runs it to its end. */
export function runGen(args: readonly string[], env?: Record<string, string>): Promise<Ended> {
  return startGen(args, env).ended;
}

/** A training that takes a moment: a small perceptron on points. */
export const tiny: readonly string[] = [
  "train",
  "flow",
  "--preset",
  "points-moons",
  "--set",
  "model.width=8",
  "--set",
  "model.depth=1",
  "--set",
  "batchSize=16",
  "--set",
  "sampleEvery=100000",
  "--set",
  "data.training=100",
  "--set",
  "logEvery=1",
];
