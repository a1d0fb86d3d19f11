import type { Output } from "./output.ts";

/** Ctrl-C and its kin, as a signal that ends work in order; a second one ends the process at once. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** What the shell expects of a program that was interrupted: 130, or 143 after SIGTERM. */
  exitCode(): number;
  /** Signals mean again what they meant before. */
  dispose(): void;
}

/** @param saying what happens now, for the person who pressed the keys */
export function listenForInterrupt(output: Output, saying: string): Interrupt {
  const controller = new AbortController();
  let code = 130;
  const listeners = (["SIGINT", "SIGTERM"] as const).map((name) => {
    const listener = (): void => {
      code = name === "SIGINT" ? 130 : 143;
      if (controller.signal.aborted) process.exit(code);
      output.warn(`${saying} Once more to leave at once.`);
      controller.abort();
    };
    process.on(name, listener);
    return () => process.off(name, listener);
  });
  return {
    signal: controller.signal,
    exitCode: () => code,
    dispose: () => listeners.forEach((remove) => remove()),
  };
}
