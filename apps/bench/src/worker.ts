// A contender: times workloads on one backend of TensorFlow.js, as its parent asks (protocol.ts).
// Usage: worker.ts BACKEND THREADS [DEVICE], with a device for the backend "onnx"
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { type OnnxDevice, useBackend } from "@gen/tensor";
import { enableProdMode, setBackend } from "@tensorflow/tfjs-core";
import type { Failed, Prepare, Prepared, Ready, Run, Timed } from "./protocol.ts";
import { prepare, type Workbench } from "./workbench.ts";

const [name, threads, wanted] = process.argv.slice(2) as [string, string, OnnxDevice?];
const say = (message: Ready | Prepared | Timed | Failed): void => {
  process.stdout.write(`${JSON.stringify(message)}\n`);
};
const version = (specifier: string, from: string = import.meta.url): string =>
  (createRequire(from)(`${specifier}/package.json`) as { version: string }).version;

try {
  if (name === "onnx") {
    const { device } = await useBackend("onnx", {
      threads: Number(threads),
      ...(wanted && { device: wanted }),
    });
    const engine = import.meta.resolve("@gen/backend-onnx");
    say({ versions: { onnxruntime: version("onnxruntime-node", engine), onnx: device } });
  } else if (name === "tensorflow") {
    const { device } = await useBackend("tensorflow");
    say({ versions: { tensorflow: device } });
  } else {
    // TensorFlow.js's own backends, as its users load them.
    await import(`@tensorflow/tfjs-backend-${name}`);
    enableProdMode();
    if (!(await setBackend(name))) throw new Error("TensorFlow.js could not initialise it");
    say({ versions: { tfjs: version("@tensorflow/tfjs-core") } });
  }
} catch (error) {
  const { message } = error as Error;
  say({
    error:
      name === "tensorflow" ? message : `the backend "${name}" cannot be used here: ${message}`,
  });
  process.exit(1);
}

let bench: Workbench | undefined;
for await (const line of createInterface({ input: process.stdin })) {
  try {
    const request = JSON.parse(line) as Prepare | Run;
    if ("workload" in request) {
      bench = await prepare(request, name);
      const { run: _, ...prepared } = bench;
      say(prepared);
    } else if (bench) {
      say({ times: await bench.run(request.run) });
    } else {
      say({ error: "asked to run before anything was prepared" });
    }
  } catch (error) {
    say({ error: (error as Error).message.split("\n")[0] as string });
  }
}
process.exit(0);
