import {
  addressOf,
  bytesPerElement,
  CApi,
  copied,
  cStrings,
  type Pointer,
  type RunCall,
  viewed,
} from "./c-api.ts";
import { type Data, type Held, type HostData, isHost } from "./data.ts";
import { togetherLoader } from "./load-together.ts";
import { probeBlockSize } from "./probe-block-size.ts";
import type { LoadableModel, Runtime, RuntimeTensor, Session } from "./runtime.ts";
import { runtimeError } from "./runtime-error.ts";
import { sessionConfig } from "./session-config.ts";
import { sameShape } from "../graph.ts";
import type { ElementType } from "../onnx/types.ts";

export interface NativeOptions {
  provider: "cpu" | "cuda";
  threads: number;
}

/** A run whose values are in place, to be made by any thread. */
export interface PreparedRun {
  readonly call: RunCall;
  readonly given: readonly RuntimeTensor[];
  /** What it made, after it. */
  results(): Data[];
  /** To be called after it, whatever became of it: frees what it took, and what it made if nobody has asked for it. */
  end(): void;
}

export interface NativeSession extends Session {
  prepare(inputs: readonly RuntimeTensor[], overwrite?: ReadonlySet<number>): PreparedRun;
}

const apis: Record<string, CApi> = {};

/**
 * ONNX Runtime's native library: its results stay where it made them, in memory of its own, and are the inputs of later
 * runs as they are; host arrays are read where they lie. A run is done when it returns. With `cuda` every input and
 * output crosses to the GPU and back.
 *
 * @param library the file of ONNX Runtime's shared library
 */
export function nativeRuntime(
  library: string,
  { provider, threads }: NativeOptions,
): Runtime & { readonly api: CApi } {
  const api = (apis[library] ??= new CApi(library));
  const cores = `${threads} thread${threads === 1 ? "" : "s"}`;
  const device = provider === "cpu" ? `cpu (${cores})` : "gpu (CUDA)";

  function load(model: LoadableModel, share: number = threads): NativeSession {
    const options = { threads: share, provider, config: sessionConfig };
    let session: Pointer;
    try {
      session = api.createSession(model.model, options);
    } catch (error) {
      throw runtimeError(device, error);
    }
    const prepare = preparation(api, session, model);
    return {
      prepare,
      run(inputs, overwrite) {
        const run = prepare(inputs, overwrite);
        try {
          api.run(run.call);
          return run.results();
        } catch (error) {
          throw runtimeError(device, error);
        } finally {
          run.end();
        }
      },
      dispose: () => api.releaseSession(session),
    };
  }

  return {
    api,
    device,
    provider,
    blockSize: provider === "cpu" ? probeBlockSize(load) : 0,
    load: (model) => load(model),
    ...(provider === "cpu" &&
      threads > 1 && { loadTogether: togetherLoader({ api, threads, load, device }) }),
    idle: () => Promise.resolve(),
  };
}

/** Numbers in a value of ONNX Runtime's, which owns them. */
class NativeTensor implements Held {
  readonly #api: CApi;
  /** Undefined once it has been written over. */
  #value: Pointer | undefined;
  readonly #type: ElementType;
  readonly #shape: readonly number[];
  readonly #count: number;

  constructor(api: CApi, value: Pointer, type: ElementType, shape: readonly number[]) {
    this.#api = api;
    this.#value = value;
    this.#type = type;
    this.#shape = shape;
    this.#count = shape.reduce((product, size) => product * size, 1);
  }

  /** What its memory holds from now on, after something was written over these numbers. */
  overwritten(): NativeTensor {
    const next = new NativeTensor(this.#api, this.#known(), this.#type, this.#shape);
    this.#value = undefined;
    return next;
  }

  /** Its value, if it has this shape and is asked for from its first number on. */
  valueFor({ shape, offset = 0 }: RuntimeTensor): Pointer | undefined {
    return offset === 0 && sameShape(shape, this.#shape) ? this.#known() : undefined;
  }

  /** Where its numbers lie. */
  get address(): Pointer {
    return this.#api.numbersOf(this.#known());
  }

  readSync(): HostData {
    return copied(this.address, this.#type, this.#count);
  }

  async read(): Promise<HostData> {
    return this.readSync();
  }

  view(): HostData {
    return viewed(this.address, this.#type, this.#count);
  }

  dispose(): void {
    if (this.#value !== undefined) this.#api.releaseValue(this.#value);
  }

  #known(): Pointer {
    if (this.#value === undefined) throw new Error("These numbers have been written over");
    return this.#value;
  }
}

/** Puts the values of a session's runs in place. */
function preparation(api: CApi, session: Pointer, model: LoadableModel): NativeSession["prepare"] {
  const { outputs, inPlace = [] } = model;
  const inputNames = cStrings(model.inputs);
  const outputNames = cStrings(outputs.map(({ name }) => name));
  /** The shapes that the inputs had last, as the C API takes them. */
  const shapes: { shape: readonly number[]; sizes: BigInt64Array }[] = [];
  const sizesOf = (input: number, shape: readonly number[]): BigInt64Array => {
    const known = shapes[input];
    if (known && sameShape(known.shape, shape)) return known.sizes;
    const sizes = BigInt64Array.from(shape, BigInt);
    shapes[input] = { shape, sizes };
    return sizes;
  };
  return (given, overwrite) => {
    /** Values for this run alone. */
    const passing: Pointer[] = [];
    const valueOf = (tensor: RuntimeTensor, input: number): Pointer => {
      const { data, shape, type, offset = 0 } = tensor;
      const own = isHost(data) ? undefined : (data as NativeTensor).valueFor(tensor);
      if (own !== undefined) return own;
      const from = isHost(data) ? addressOf(data) : (data as NativeTensor).address;
      const size = bytesPerElement(type);
      const bytes = shape.reduce((product, n) => product * n, size);
      const at = offset === 0 ? from : from + BigInt(offset * size);
      const value = api.tensor(at, bytes, sizesOf(input, shape), type);
      passing.push(value);
      return value;
    };
    const call: RunCall = {
      session,
      inputNames: inputNames.address,
      inputs: BigUint64Array.from(given, valueOf),
      outputNames: outputNames.address,
      outputs: new BigUint64Array(outputs.length),
    };
    const kept = new Map<number, NativeTensor>();
    for (const { output, input } of inPlace) {
      const { data } = given[input]!;
      if (!overwrite?.has(input) || isHost(data)) continue;
      call.outputs[output] = call.inputs[input]!;
      kept.set(output, data as NativeTensor);
    }
    let asked = false;
    return {
      call,
      given, // stays alive, and with it the arrays that the values point into
      results() {
        asked = true;
        return outputs.map(
          ({ type, shape }, i) =>
            kept.get(i)?.overwritten() ??
            new NativeTensor(api, call.outputs[i]!, type, shape as readonly number[]),
        );
      },
      end() {
        for (const value of passing) api.releaseValue(value);
        if (asked) return;
        call.outputs.forEach((value, i) => value && !kept.has(i) && api.releaseValue(value));
      },
    };
  };
}
