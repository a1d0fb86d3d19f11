import { readFileSync } from "node:fs";
import { fromTorch, load, parameterCount, type Weights } from "@gen/nn";
import { parse } from "@gen/safetensors";
import { key, type Tensor, tensor } from "@gen/tensor";
import { countFlops } from "./count-flops.ts";
import type { Prepare, Prepared } from "./protocol.ts";
import { workloadOf } from "./workloads/index.ts";

/** A workload ready to run on the backend of this process. */
export interface Workbench extends Prepared {
  /** Milliseconds of each of so many steps. */
  run(steps: number): Promise<number[]>;
}

/**
 * Builds a workload from the shared file and does its checks.
 *
 * @param backend its name: whose operations are counted
 */
export async function prepare(request: Prepare, backend: string): Promise<Workbench> {
  const workload = workloadOf(request.workload);
  const { tensors } = parse(new Uint8Array(readFileSync(request.file)));
  const { model, begin } = workload.create(key(0));
  const weights: Record<string, Weights> = {};
  const inputs: Record<string, Tensor> = {};
  for (const [name, { shape, data, dtype }] of Object.entries(tensors)) {
    const [kind, rest] = [name.slice(0, 6), name.slice(6)];
    if (kind === "model.") weights[rest] = { shape, data: data as Float32Array };
    if (kind === "input.") {
      const type = dtype === "F32" ? "float32" : "int32";
      inputs[rest] = tensor(data as Float32Array, [...shape], type);
    }
  }
  load(model, fromTorch(model, weights));
  const step = begin(inputs);

  const checks: number[] = [];
  let stepMs = 0;
  const check = async (i: number): Promise<void> => {
    const start = performance.now();
    checks.push(...(await step(i)));
    stepMs = performance.now() - start;
  };
  let flops: number | undefined;
  for (let i = 0; i < request.checks; i++) {
    if (i > 0 || !request.count) await check(i);
    else flops = (await countFlops(backend, () => check(i))) * (workload.evaluations ?? 1);
  }
  let done = request.checks;
  return {
    parameters: parameterCount(model),
    checks,
    stepMs,
    ...(flops !== undefined && { flops }),
    async run(steps) {
      const times: number[] = [];
      for (let i = 0; i < steps; i++) {
        const start = performance.now();
        await step(done++);
        times.push(performance.now() - start);
      }
      return times;
    },
  };
}
