import { createReadStream } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { useBackend } from "@gen/tensor";
import { expectClose } from "@gen/testing";
import { chromium } from "@gen/testing/chromium";
import { type Browser, chromium as playwright } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Case, caseOf, type Values } from "../src/cases.ts";
import { networks } from "../src/networks.ts";

const why = chromium ? "" : " (skipped: no Chromium here; install it, or name it in CHROMIUM)";
const runtime = dirname(fileURLToPath(import.meta.resolve("onnxruntime-web/wasm")));

const page = `<!doctype html>
<script type="module">
  import * as ort from "/runtime/ort.wasm.min.mjs";
  ort.env.wasm.wasmPaths = "/runtime/";
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
  /** The numbers that a model gives for each of some lists of inputs. */
  globalThis.run = async (url, runs) => {
    const session = await ort.InferenceSession.create(url);
    const outputs = [];
    for (const inputs of runs) {
      const feeds = session.inputNames.map((name, i) => {
        const { dtype, shape, data } = inputs[i];
        const numbers = dtype === "int32" ? Int32Array.from(data) : Float32Array.from(data);
        return [name, new ort.Tensor(dtype, numbers, shape)];
      });
      const results = await session.run(Object.fromEntries(feeds));
      outputs.push(Array.from(results[session.outputNames[0]].data));
    }
    await session.release();
    return outputs;
  };
</script>`;

let browser: Browser | undefined;
let server: Server | undefined;
const models = new Map<string, Uint8Array>();
let url = "";

beforeAll(async () => {
  if (!chromium) return;
  await useBackend("onnx", { device: "cpu" });
  server = createServer(({ url: path = "/" }, response) => {
    const file = /^\/runtime\/([\w.-]+\.(?:mjs|wasm))$/.exec(path)?.[1];
    const model = models.get(path);
    if (model) response.end(model);
    else if (file) {
      const type = file.endsWith(".wasm") ? "application/wasm" : "text/javascript";
      response.setHeader("Content-Type", type);
      createReadStream(join(runtime, file))
        .on("error", () => response.writeHead(404).end())
        .pipe(response);
    } else response.setHeader("Content-Type", "text/html").end(page);
  });
  await new Promise<void>((resolve) => server?.listen(0, "localhost", resolve));
  url = `http://localhost:${(server.address() as AddressInfo).port}/`;
  browser = await playwright.launch({ executablePath: chromium, args: ["--no-sandbox"] });
});
afterAll(async () => {
  await browser?.close();
  server?.close();
});

test.skipIf(!chromium)(
  `every network gives its own numbers in Chromium, through onnxruntime-web${why}`,
  async () => {
    const tab = await (browser as Browser).newPage();
    await tab.goto(url);
    await tab.waitForFunction("globalThis.run");
    for (const network of networks()) {
      const { name, file, runs }: Case = await caseOf(network);
      models.set(`/${name}.onnx`, file.model);
      const inputs = runs.map((each) => each.inputs.map(plain));
      const call = `globalThis.run(${JSON.stringify(`/${name}.onnx`)}, ${JSON.stringify(inputs)})`;
      const outputs = (await tab.evaluate(call)) as number[][];
      expect(outputs.length).toBe(runs.length);
      outputs.forEach((output, i) =>
        expectClose(output, runs[i]?.output.data as Float32Array, 1e-4, name),
      );
      models.clear();
    }
  },
  120_000,
);

function plain({ dtype, shape, data }: Values): { dtype: string; shape: number[]; data: number[] } {
  return { dtype, shape, data: Array.from(data) };
}
