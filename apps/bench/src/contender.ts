import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface, type Interface } from "node:readline";
import { Failure } from "./failure.ts";
import type { Failed, Prepare, Prepared, Ready, Run, Timed } from "./protocol.ts";

/** A process that does the same work as the others, in turns with them (protocol.ts). */
export class Contender {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  #errors = "";

  private constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout! });
    child.stderr!.on("data", (data) => (this.#errors = `${this.#errors}${data}`.slice(-4000)));
    child.stdin!.on("error", () => {}); // it has exited, which #reply says better
  }

  /**
   * Starts the process and waits until it is ready.
   *
   * @throws a Failure that says why it is not
   */
  static async start(
    name: string,
    command: string,
    args: readonly string[],
    env: Record<string, string> = {},
  ): Promise<{ contender: Contender; versions: Record<string, string> }> {
    const child = spawn(command, args, {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    // In the middle of a long step it would not notice that we are gone.
    const kill = (): void => void child.kill("SIGKILL");
    process.once("exit", kill);
    child.once("close", () => process.off("exit", kill));
    const contender = new Contender(name, child);
    const { versions } = await contender.#reply<Ready>(120_000);
    return { contender, versions };
  }

  prepare(request: Prepare, limitMs: number): Promise<Prepared> {
    return this.#ask(request, limitMs);
  }

  /** Milliseconds of each of so many steps. */
  async run(steps: number, limitMs: number): Promise<number[]> {
    const { times } = await this.#ask<Timed>({ run: steps }, limitMs);
    return times;
  }

  /** The most memory that the process has held so far, in megabytes; undefined where the system does not tell. */
  peakMemoryMb(): number | undefined {
    try {
      const status = readFileSync(`/proc/${this.#child.pid}/status`, "utf8");
      const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1];
      return kilobytes === undefined ? undefined : Math.round(Number(kilobytes) / 1024);
    } catch {
      return undefined;
    }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
  }

  #ask<T>(request: Prepare | Run, limitMs: number): Promise<T> {
    const reply = this.#reply<T>(limitMs);
    this.#child.stdin!.write(`${JSON.stringify(request)}\n`);
    return reply;
  }

  #reply<T>(limitMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        this.#lines.off("line", onLine);
        this.#child.off("close", onClose);
        this.#child.off("error", onError);
        act();
      };
      const fail = (reason: string): void => settle(() => reject(new Failure(reason)));
      const onLine = (line: string): void => {
        const message = JSON.parse(line) as T | Failed;
        if (typeof message === "object" && message !== null && "error" in message) {
          fail(message.error);
        } else {
          settle(() => resolve(message as T));
        }
      };
      const onClose = (code: number | null, signal: string | null): void => {
        const last = this.#errors.trim().split("\n").at(-1);
        fail(`its process ended (${signal ?? code})${last ? `: ${last}` : ""}`);
      };
      const onError = (error: Error): void => fail(`it cannot be started: ${error.message}`);
      const timer = setTimeout(() => {
        this.#child.kill("SIGKILL");
        fail(`it took longer than ${Math.round(limitMs / 1000)} s`);
      }, limitMs);
      this.#lines.on("line", onLine);
      this.#child.on("close", onClose);
      this.#child.on("error", onError);
    });
  }
}
