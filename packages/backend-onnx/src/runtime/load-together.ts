import type { Data } from "./data.ts";
import { Helper, type HelperSession } from "./helper.ts";
import type { LoadableModel, RuntimeTensor, Session, TogetherSession } from "./runtime.ts";
import { runtimeError } from "./runtime-error.ts";

interface Loader {
  threads: number;
  load(model: LoadableModel, threads: number): Session;
  /** ONNX Runtime's session options for so many threads. */
  optionsFor(threads: number): object;
  device: string;
}

/**
 * Runs models at the same time: the first is this thread's, the others are those of helpers, as many as there are
 * threads; models beyond them go round.
 */
export function togetherLoader({
  threads,
  load,
  optionsFor,
  device,
}: Loader): (models: readonly LoadableModel[]) => TogetherSession {
  const helpers: Helper[] = [];

  /** Whatever fails, each answer of a helper is waited for: they come in order. */
  function attemptAll(actions: readonly (() => void)[]): void {
    let failure: unknown;
    for (const action of actions) {
      try {
        action();
      } catch (error) {
        failure ??= error;
      }
    }
    if (failure) throw runtimeError(device, failure);
  }

  return (models) => {
    const lanes = Math.min(models.length, threads);
    const share = Math.floor(threads / lanes);
    const loaded = new Map<LoadableModel, Session>();
    const mine: [number, Session][] = [];
    const theirs: [number, HelperSession][] = [];

    const loadHere = (model: LoadableModel, i: number): void => {
      const session = loaded.get(model) ?? load(model, share);
      loaded.set(model, session);
      mine.push([i, session]);
    };
    const beginThere = (model: LoadableModel, i: number): void => {
      const lane = i % lanes;
      const helper = (helpers[lane - 1] ??= new Helper(import.meta.url));
      const same = theirs.find(([j]) => j % lanes === lane && models[j] === model)?.[1];
      theirs.push([i, same ? helper.share(same) : helper.load(model, optionsFor(share))]);
    };
    models.forEach((model, i) => i % lanes > 0 && beginThere(model, i));
    attemptAll([
      ...models.map((model, i) => () => void (i % lanes === 0 && loadHere(model, i))),
      ...theirs.map((other) => () => other[1].loaded()),
    ]);
    return {
      run(inputs) {
        const results: Data[][] = [];
        const given = (i: number): readonly RuntimeTensor[] => inputs[i]!;
        for (const [i, session] of theirs) session.begin(given(i));
        attemptAll([
          ...mine.map(
            ([i, session]) =>
              () =>
                void (results[i] = session.run(given(i))),
          ),
          ...theirs.map(
            ([i, session]) =>
              () =>
                void (results[i] = session.end()),
          ),
        ]);
        return results;
      },
      dispose() {
        for (const session of loaded.values()) session.dispose();
        for (const [, session] of theirs) session.dispose();
      },
    };
  };
}
