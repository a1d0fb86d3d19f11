import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Arguments, BenchDevice, PeerName } from "./arguments.ts";
import { Contender } from "./contender.ts";
import { Failure } from "./failure.ts";
import type { Workload } from "./workload.ts";

/** A way to run a workload; a peer with several ways counts by its fastest. */
export interface Lane {
  peer: "ours" | PeerName;
  /** Names the way, where there are several. */
  variant?: string;
  start(): Promise<{ contender: Contender; versions: Record<string, string> }>;
}

/** All who take part in a workload, ours first. */
export function lanesOf(workload: Workload, { peers, python, threads, device }: Arguments): Lane[] {
  const lanes: Lane[] = [{ peer: "ours", start: () => node("onnx", threads, device) }];
  const add = (peer: PeerName, ...ways: Omit<Lane, "peer">[]): void => {
    if (peers.includes(peer)) lanes.push(...ways.map((way) => ({ peer, ...way })));
  };
  if (python) {
    // Only images have a memory format. The compiler arranges them itself, best from channels_last.
    const formats = workload.images ? ["channels_last", "contiguous"] : ["contiguous"];
    const way = (variant: string, mode: TorchMode) => ({
      variant,
      start: () =>
        torch(python, variant, threads, { mode, device: device === "cpu" ? "cpu" : "gpu" }),
    });
    add("torch-eager", ...formats.map((format) => way(format, "eager")));
    add("torch-compile", way(formats[0]!, "compile"));
  }
  add("tfjs-node", { start: () => node("tensorflow", threads) });
  add("tfjs-wasm", { start: () => node("wasm", 1) });
  add("tfjs-cpu", { start: () => node("cpu", 1) });
  return lanes;
}

/**
 * Checks that the Python has torch.
 *
 * @throws a Failure of one sentence if not
 */
export async function checkPython(python: string): Promise<void> {
  try {
    const { contender } = await torch(python, "contiguous", 1, { mode: "eager", device: "cpu" });
    await contender.stop();
  } catch (error) {
    throw new Failure(
      `PyTorch cannot be run by "${python}": ${(error as Error).message}; give --python a Python that has torch`,
      2,
    );
  }
}

function node(
  backend: string,
  threads: number,
  device?: BenchDevice,
): ReturnType<typeof Contender.start> {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  const worker = fileURLToPath(new URL("worker.ts", import.meta.url));
  return Contender.start(backend, process.execPath, [
    "--conditions=@gen/source",
    `--import=${tsx}`,
    worker,
    backend,
    String(threads),
    ...(device ? [device] : []),
  ]);
}

type TorchMode = "eager" | "compile";
type TorchDevice = "cpu" | "gpu";

function torch(
  python: string,
  format: string,
  threads: number,
  { mode, device }: { mode: TorchMode; device: TorchDevice },
): ReturnType<typeof Contender.start> {
  const script = new URL("../../../tooling/reference/bench_torch.py", import.meta.url);
  const args = [fileURLToPath(script), format, String(threads), mode, device];
  return Contender.start(`torch ${format}`, python, args, { PYTHONDONTWRITEBYTECODE: "1" });
}
