import type { CApi, RunCall } from "./c-api.ts";
import { Helper } from "./helper.ts";
import type { NativeSession } from "./native.ts";
import type { Prepared } from "./prepare.ts";
import type { LoadableModel, TogetherSession } from "./runtime.ts";
import { runtimeError } from "./runtime-error.ts";

interface Loader {
  api: CApi;
  threads: number;
  load(model: LoadableModel, threads: number): NativeSession;
  device: string;
}

/**
 * Runs models at the same time: the first is this thread's, the others are those of helpers, as many as there are
 * threads; models beyond them go round.
 */
export function togetherLoader({
  api,
  threads,
  load,
  device,
}: Loader): (models: readonly LoadableModel[]) => TogetherSession {
  const helpers: Helper[] = [];

  return (models) => {
    const lanes = Math.min(models.length, threads);
    const share = Math.floor(threads / lanes);
    // A session without threads of its own runs on those that call it, at the same time: one serves all lanes.
    const loaded: Map<LoadableModel, NativeSession>[] = [];
    const dispose = (): void => {
      for (const known of loaded) for (const session of known.values()) session.dispose();
    };
    const sessionOf = (model: LoadableModel, i: number): NativeSession => {
      const known = (loaded[share === 1 ? 0 : i % lanes] ??= new Map());
      const session = known.get(model) ?? load(model, share);
      known.set(model, session);
      return session;
    };
    let sessions: NativeSession[];
    try {
      sessions = models.map(sessionOf);
    } catch (error) {
      dispose();
      throw error;
    }
    const others = Array.from(
      { length: lanes - 1 },
      (_, lane) => (helpers[lane] ??= new Helper(api)),
    );
    const results = <R>(prepared: readonly Prepared<R>[]): R[] => {
      const callsOf = (lane: number): RunCall[] =>
        prepared.filter((_, i) => i % lanes === lane).flatMap(({ calls }) => calls);
      try {
        others.forEach((helper, i) => helper.begin(callsOf(i + 1)));
        const failures = [
          ...callsOf(0).map((call) => attempt(() => api.run(call))),
          // Whatever fails, each helper is waited for.
          ...others.map((helper) => attempt(() => helper.end())),
        ];
        for (const failure of failures) if (failure) throw runtimeError(device, failure);
        return prepared.map((each) => each.results());
      } finally {
        for (const each of prepared) each.end();
      }
    };
    return {
      run: (runs) => results(sessions.map(({ prepare }, i) => prepare.run(runs[i]!))),
      runSeries: (series) => results(sessions.map(({ prepare }, i) => prepare.series(series[i]!))),
      dispose,
    };
  };
}

/** What an action throws, if it does. */
function attempt(action: () => void): unknown {
  try {
    action();
    return undefined;
  } catch (error) {
    return error;
  }
}
