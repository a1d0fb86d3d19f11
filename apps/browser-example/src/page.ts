import { type OnnxDevice, useBackend } from "@gen/tensor";
import { trainAndSample } from "./train-and-sample.ts";

/** The page: `?device=webgpu` and `?steps=500` choose; what comes out is also left for a test. */
async function main(): Promise<void> {
  const asked = new URLSearchParams(location.search);
  const device = asked.get("device") as OnnxDevice | null;
  const status = document.querySelector("p") as HTMLParagraphElement;
  const { device: where } = await useBackend("onnx", {
    ...(device && { device }),
    wasmPaths: "/onnxruntime-web/",
  });
  const begin = performance.now();
  const { losses, samples } = await trainAndSample({
    steps: Number(asked.get("steps") ?? 500),
    onStep: (step, loss) => {
      status.textContent = `${where}: step ${step + 1}, loss ${loss.toFixed(3)}`;
    },
  });
  const seconds = (performance.now() - begin) / 1000;
  status.textContent += `, ${seconds.toFixed(1)} s with sampling`;
  draw(samples);
  report({ where, seconds, losses, samples });
}

function draw(samples: readonly number[]): void {
  const canvas = document.querySelector("canvas") as HTMLCanvasElement;
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  const { width, height } = canvas;
  for (let i = 0; i < samples.length; i += 2) {
    const [x, y] = [samples[i] as number, samples[i + 1] as number];
    context.fillRect((0.5 + x / 8) * width - 1, (0.5 - y / 8) * height - 1, 3, 3);
  }
}

function report(result: object): void {
  Object.assign(globalThis, { result });
}

main().catch((error: unknown) => {
  (document.querySelector("p") as HTMLParagraphElement).textContent = String(error);
  report({ error: String((error as Error)?.stack ?? error) });
});
