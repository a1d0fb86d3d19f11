import type { ElementType } from "../onnx/types.ts";
import { type Data, type Held, type HostData, isHost } from "./data.ts";
import { identityModel } from "./identity-model.ts";
import { type Binding, type NativeSession, type NativeTensor, sessionOptions } from "./native.ts";
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

/**
 * ONNX Runtime's native library on a GPU, by its WebGPU provider (Vulkan, Direct3D 12 or Metal): results stay on the
 * GPU, and are read back when their numbers are asked for, at once or not.
 *
 * @throws when there is no GPU that its driver lets it use
 */
export function nativeGpuRuntime(binding: Binding, { threads }: { threads: number }): Runtime {
  const device = "gpu (WebGPU)";
  const uploads = new Uploads<GpuTensor>();
  // One identity for each type brings numbers there, another back: `getData` of this binding ends the process.
  const toGpu = new Map<ElementType, NativeSession>();
  const fromGpu = new Map<ElementType, NativeSession>();

  class GpuTensor implements Held {
    readonly #tensor: NativeTensor;
    readonly #life: SessionLife | undefined;

    constructor(tensor: NativeTensor, life?: SessionLife) {
      this.#tensor = tensor;
      this.#life = life;
      life?.made();
    }

    /** As an input, in another shape of the same size. */
    feed(dims: readonly number[]): NativeTensor {
      const { type, gpuBuffer } = this.#tensor;
      return { type, dims, location: "gpu-buffer", gpuBuffer };
    }

    readSync(): HostData {
      return carry(fromGpu, "cpu", this.#tensor).data as HostData;
    }

    async read(): Promise<HostData> {
      return this.readSync();
    }

    dispose(): void {
      this.#tensor.dispose?.();
      this.#life?.freed();
    }
  }

  function open(
    model: Uint8Array,
    preferredOutputLocation: NativeTensor["location"],
    cpuNodes: readonly string[] = [],
  ): NativeSession {
    const session = new binding.InferenceSession();
    guard(() =>
      session.loadModel(model.buffer, model.byteOffset, model.byteLength, {
        ...sessionOptions(threads),
        executionProviders: [providerOf("webgpu", cpuNodes)],
        preferredOutputLocation,
      }),
    );
    return session;
  }

  function guard<T>(fn: () => T): T {
    try {
      return fn();
    } catch (error) {
      throw runtimeError(device, error);
    }
  }

  function carry(
    sessions: Map<ElementType, NativeSession>,
    to: NativeTensor["location"],
    tensor: NativeTensor,
  ): NativeTensor {
    const type = tensor.type as ElementType;
    let session = sessions.get(type);
    if (!session) {
      session = open(identityModel(type), to);
      sessions.set(type, session);
    }
    return guard(() => (session as NativeSession).run({ x: tensor }, { y: null }, {}))[
      "y"
    ] as NativeTensor;
  }

  function feedOf({ type, data, shape: dims }: RuntimeTensor): NativeTensor {
    if (!isHost(data)) return (data as GpuTensor).feed(dims);
    const tensor: NativeTensor = { type, data, dims, location: "cpu" };
    const copy = uploads.of(data, () => new GpuTensor(carry(toGpu, "gpu-buffer", tensor)));
    return copy?.feed(dims) ?? tensor;
  }

  function load({ model, inputs, outputs, cpuNodes }: LoadableModel): Session {
    const session = open(model, "gpu-buffer", cpuNodes);
    const life = new SessionLife(() => session.dispose());
    const fetches = Object.fromEntries(outputs.map((name) => [name, null]));
    return {
      run(values: readonly RuntimeTensor[]): Data[] {
        const feeds = Object.fromEntries(
          inputs.map((name, i) => [name, feedOf(values[i] as RuntimeTensor)]),
        );
        const results = guard(() => session.run(feeds, fetches, {}));
        return outputs.map((name) => new GpuTensor(results[name] as NativeTensor, life));
      },
      dispose: () => life.end(),
    };
  }

  // What is read back comes after all that was started before. Throws here where there is no GPU.
  const probe: NativeTensor = {
    type: "float32",
    data: Float32Array.of(0),
    dims: [1],
    location: "cpu",
  };
  const last = new GpuTensor(carry(toGpu, "gpu-buffer", probe));
  return { device, provider: "webgpu", blockSize: 0, load, idle: async () => void last.readSync() };
}
