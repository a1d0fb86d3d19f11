import type { ElementType } from "../onnx/types.ts";
import {
  type Binding,
  bindingOptions,
  type BindingSession,
  type BindingTensor,
} from "./binding.ts";
import { type Data, type Held, type HostData, isHost } from "./data.ts";
import { identityModel } from "./identity-model.ts";
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
  const toGpu = new Map<ElementType, BindingSession>();
  const fromGpu = new Map<ElementType, BindingSession>();

  class GpuTensor implements Held {
    readonly #tensor: BindingTensor;
    readonly #life: SessionLife | undefined;

    constructor(tensor: BindingTensor, life?: SessionLife) {
      this.#tensor = tensor;
      this.#life = life;
      life?.made();
    }

    /** As an input, in another shape of the same size. */
    feed(dims: readonly number[]): BindingTensor {
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
    preferredOutputLocation: BindingTensor["location"],
    cpuNodes: readonly string[] = [],
  ): BindingSession {
    const session = new binding.InferenceSession();
    guard(() =>
      session.loadModel(model.buffer, model.byteOffset, model.byteLength, {
        ...bindingOptions(threads),
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
    sessions: Map<ElementType, BindingSession>,
    to: BindingTensor["location"],
    tensor: BindingTensor,
  ): BindingTensor {
    const type = tensor.type as ElementType;
    let session = sessions.get(type);
    if (!session) {
      session = open(identityModel(type), to);
      sessions.set(type, session);
    }
    return guard(() => (session as BindingSession).run({ x: tensor }, { y: null }, {}))[
      "y"
    ] as BindingTensor;
  }

  function feedOf({ type, data, shape: dims }: RuntimeTensor): BindingTensor {
    if (!isHost(data)) return (data as GpuTensor).feed(dims);
    const tensor: BindingTensor = { type, data, dims, location: "cpu" };
    const copy = uploads.of(data, () => new GpuTensor(carry(toGpu, "gpu-buffer", tensor)));
    return copy?.feed(dims) ?? tensor;
  }

  function load({ model, inputs, outputs, cpuNodes }: LoadableModel): Session {
    const session = open(model, "gpu-buffer", cpuNodes);
    const life = new SessionLife(() => session.dispose());
    const fetches = Object.fromEntries(outputs.map(({ name }) => [name, null]));
    return {
      run(values: readonly RuntimeTensor[]): Data[] {
        const feeds = Object.fromEntries(
          inputs.map((name, i) => [name, feedOf(values[i] as RuntimeTensor)]),
        );
        const results = guard(() => session.run(feeds, fetches, {}));
        return outputs.map(({ name }) => new GpuTensor(results[name] as BindingTensor, life));
      },
      dispose: () => life.end(),
    };
  }

  // What is read back comes after all that was started before. Throws here where there is no GPU.
  const probe: BindingTensor = {
    type: "float32",
    data: Float32Array.of(0),
    dims: [1],
    location: "cpu",
  };
  const last = new GpuTensor(carry(toGpu, "gpu-buffer", probe));
  return { device, provider: "webgpu", blockSize: 0, load, idle: async () => void last.readSync() };
}
