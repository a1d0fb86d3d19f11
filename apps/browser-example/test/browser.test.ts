import { useBackend } from "@gen/tensor";
import { expectClose } from "@gen/testing";
import { chromium } from "@gen/testing/chromium";
import { type Browser, chromium as playwright, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serve } from "../src/serve.ts";
import { type Result, trainAndSample } from "../src/train-and-sample.ts";

const why = chromium ? "" : " (skipped: no Chromium here; install it, or name it in CHROMIUM)";

// A software GPU, for a machine without a GPU.
const softwareGpu = [
  "--enable-unsafe-webgpu",
  "--enable-features=Vulkan",
  "--use-webgpu-adapter=swiftshader",
];

describe.skipIf(!chromium)(`in headless Chromium${why}`, () => {
  let site: Awaited<ReturnType<typeof serve>>;
  let browser: Browser;
  let tab: Page;

  beforeAll(async () => {
    await useBackend("onnx", { device: "cpu" });
    site = await serve();
    browser = await playwright.launch({
      executablePath: chromium as string,
      args: ["--no-sandbox", ...softwareGpu],
    });
    tab = await browser.newPage();
  });
  afterAll(async () => {
    await browser?.close();
    site?.server.close();
  });

  async function inBrowser(steps: number, device: string): Promise<Result & { where: string }> {
    await tab.goto(`${site.url}?steps=${steps}&device=${device}`);
    await tab.waitForFunction("globalThis.result", undefined, { timeout: 120_000 });
    const result = await tab.evaluate("globalThis.result");
    const { error } = result as { error?: string };
    if (error) throw new Error(error);
    return result as Result & { where: string };
  }

  test("a flow trains and samples on WebAssembly with threads, to the numbers of Node's engine", async () => {
    const steps = 400;
    const { where, losses, samples } = await inBrowser(steps, "wasm");
    const inNode = await trainAndSample({ steps });
    expect(where).toMatch(/^cpu \(WebAssembly, \d+ threads?\)$/);
    expectClose(losses, inNode.losses, 1e-4, "losses");
    expectClose(samples, inNode.samples, 1e-3, "samples");
    expect(meanOf(losses.slice(0, 5))).toBeGreaterThan(4.5);
    expect(meanOf(losses.slice(-50))).toBeLessThan(3.1);
  }, 150_000);

  test("the same on WebGPU, with tensors that stay on the GPU", async (context) => {
    await tab.goto(`${site.url}?steps=0&device=wasm`);
    if (!(await tab.evaluate("navigator.gpu?.requestAdapter()"))) {
      context.skip("this Chromium finds no GPU, not even one in software");
    }
    const steps = 15;
    const { where, losses, samples } = await inBrowser(steps, "webgpu");
    const inNode = await trainAndSample({ steps });
    expect(where).toBe("gpu (WebGPU)");
    expectClose(losses, inNode.losses, 1e-4, "losses");
    expectClose(samples, inNode.samples, 1e-3, "samples");
  }, 150_000);
});

function meanOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, n) => sum + n, 0) / numbers.length;
}
