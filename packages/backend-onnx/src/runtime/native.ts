import { CApi, type Pointer } from "./c-api.ts";
import { togetherLoader } from "./load-together.ts";
import { preparation, type Preparation, type Prepared } from "./prepare.ts";
import { probeBlockSize } from "./probe-block-size.ts";
import type { LoadableModel, Runtime, Session } from "./runtime.ts";
import { runtimeError } from "./runtime-error.ts";
import { sessionConfig } from "./session-config.ts";

export interface NativeOptions {
  provider: "cpu" | "cuda";
  threads: number;
}

export interface NativeSession extends Session {
  readonly prepare: Preparation;
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
    const results = <R>(prepared: Prepared<R>): R => {
      try {
        for (const call of prepared.calls) api.run(call);
        return prepared.results();
      } catch (error) {
        throw runtimeError(device, error);
      } finally {
        prepared.end();
      }
    };
    return {
      prepare,
      run: (inputs, overwrite) => results(prepare.run({ inputs, overwrite })),
      runSeries: (series) => results(prepare.series(series)),
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
