import type * as OrtModule from "onnxruntime-web";
import type { InferenceSession, Tensor } from "onnxruntime-web";
import type { ElementType } from "../onnx/types.ts";
import { type Data, type Held, type HostData, isHost } from "./data.ts";
import { identityModel } from "./identity-model.ts";
import { Queue } from "./queue.ts";
import {
  type LoadableModel,
  providerOf,
  type Runtime,
  type RuntimeTensor,
  type Session,
} from "./runtime.ts";
import { runtimeError } from "./runtime-error.ts";
import { SessionLife } from "./session-life.ts";
import { Uploads } from "./uploads.ts";

/** The part of `onnxruntime-web` that the engine calls. */
export type Ort = Pick<typeof OrtModule, "env" | "InferenceSession" | "Tensor">;

export interface WebOptions {
  provider: "wasm" | "webgpu";
  threads: number;
  wasmPaths?: string | undefined;
}

/**
 * ONNX Runtime as WebAssembly, computing there or on a GPU through WebGPU. It is asynchronous: loading and running are
 * queued, a result is held until it is there, and `dataSync` works only on numbers that have arrived in host memory.
 */
export function webRuntime(ort: Ort, { provider, threads, wasmPaths }: WebOptions): Runtime {
  const cores = `${threads} thread${threads === 1 ? "" : "s"}`;
  const device = provider === "wasm" ? `cpu (WebAssembly, ${cores})` : "gpu (WebGPU)";
  ort.env.wasm.numThreads = threads;
  if (wasmPaths !== undefined) ort.env.wasm.wasmPaths = wasmPaths;
  ort.env.logLevel = "fatal"; // errors come as exceptions
  const options: InferenceSession.SessionOptions = {
    executionProviders: [provider],
    graphOptimizationLevel: "all",
    logSeverityLevel: 4,
    enableMemPattern: false,
    preferredOutputLocation: provider === "wasm" ? "cpu" : "gpu-buffer",
  };
  const queue = new Queue();
  const uploads = new Uploads<WebTensor>();
  /** For each type, an identity that carries numbers to the GPU. */
  const toGpu = new Map<string, InferenceSession>();
  let failure: Error | undefined;

  class WebTensor implements Held {
    readonly #coming: Promise<Tensor>;
    readonly #life: SessionLife | undefined;
    #tensor: Tensor | undefined;

    constructor(coming: Promise<Tensor>, life?: SessionLife) {
      this.#coming = coming;
      this.#life = life;
      life?.made();
      coming.then(
        (tensor) => (this.#tensor = tensor),
        () => {}, // told by whoever waits for it, and by `idle`
      );
    }

    /** As an input, in another shape of the same size. To be called by a job of the queue, where it has come. */
    async feed(dims: readonly number[]): Promise<Tensor> {
      const tensor = await this.#coming;
      if (tensor.location === "cpu") {
        return new ort.Tensor(tensor.type, tensor.data as never, dims) as Tensor;
      }
      return ort.Tensor.fromGpuBuffer(tensor.gpuBuffer as never, {
        dataType: tensor.type as "float32",
        dims,
      });
    }

    readSync(): HostData {
      if (this.#tensor?.location === "cpu") return this.#tensor.data as HostData;
      throw new Error(
        `dataSync: numbers on ${device} arrive asynchronously: use "await tensor.data()" instead`,
      );
    }

    async read(): Promise<HostData> {
      try {
        const tensor = await this.#coming;
        return (await queue.add(() => tensor.getData())) as HostData;
      } catch (error) {
        if (failure === error) failure = undefined; // told here
        throw error;
      }
    }

    dispose(): void {
      const freed = queue.add(async () => {
        (await this.#coming).dispose();
      });
      freed.catch(() => {}).finally(() => this.#life?.freed());
    }
  }

  function guarded<T>(job: () => Promise<T>): Promise<T> {
    const result = queue.add(async () => {
      try {
        return await job();
      } catch (error) {
        const told = runtimeError(device, error);
        failure ??= told;
        throw told;
      }
    });
    result.catch(() => {});
    return result;
  }

  async function feedOf({ type, data, shape }: RuntimeTensor): Promise<Tensor> {
    if (!isHost(data)) return (data as WebTensor).feed(shape);
    const tensor = new ort.Tensor(type, data as never, shape) as Tensor;
    if (provider === "wasm") return tensor;
    return uploads.of(data, () => new WebTensor(upload(tensor)))?.feed(shape) ?? tensor;
  }

  /** To be called by a job of the queue. */
  async function upload(tensor: Tensor): Promise<Tensor> {
    const { type } = tensor;
    let session = toGpu.get(type);
    if (!session) {
      session = await ort.InferenceSession.create(identityModel(type as ElementType), options);
      toGpu.set(type, session);
    }
    return (await session.run({ x: tensor }))["y"] as Tensor;
  }

  function load({ model, inputs, outputs, cpuNodes }: LoadableModel): Session {
    const executionProviders = [providerOf(provider, cpuNodes)];
    const created = guarded(() =>
      ort.InferenceSession.create(model, { ...options, executionProviders }),
    );
    const life = new SessionLife(() => {
      queue.add(async () => (await created).release()).catch(() => {});
    });
    return {
      run(values: readonly RuntimeTensor[]): Data[] {
        const results = guarded(async () => {
          const session = await created;
          const feeds: Record<string, Tensor> = {};
          for (const [i, name] of inputs.entries()) {
            feeds[name] = await feedOf(values[i] as RuntimeTensor);
          }
          return session.run(feeds, { logSeverityLevel: 4 });
        });
        return outputs.map(
          ({ name }) =>
            new WebTensor(
              results.then((all) => all[name] as Tensor),
              life,
            ),
        );
      },
      dispose: () => life.end(),
    };
  }

  return {
    device,
    provider,
    blockSize: 0,
    load,
    async idle() {
      await queue.drained();
      const told = failure;
      failure = undefined;
      if (told) throw told;
    },
  };
}
