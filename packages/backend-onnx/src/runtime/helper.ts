import { Worker } from "node:worker_threads";
import { addressOf, type CApi, type RunCall, runSignature } from "./c-api.ts";

/** Numbers for a run: where its arguments are, and at last where its status is. */
const wordsOfCall = 8;

/**
 * What a helper runs. It is text, because a thread starts from a file or a text of JavaScript, and this file is
 * TypeScript where the sources are run as they are.
 */
const program = `
const { createRequire } = require("node:module");
const { workerData: { counts, mail, library, runAddress, signature, engine, wordsOfCall } } = require("node:worker_threads");
const koffi = createRequire(engine)("koffi");
koffi.load(library); // it is there; before koffi has loaded one in a thread, it cannot call
const run = koffi.decode(runAddress, koffi.proto(signature.result, signature.parameters));
Atomics.store(counts, 2, 1);
Atomics.notify(counts, 2);
for (let done = 0; ; done++) {
  Atomics.wait(counts, 0, done);
  const calls = koffi.decode(mail[0], "uint64_t", Number(mail[1]));
  for (let i = 0; i < calls.length; i += wordsOfCall) {
    const [session, inputNames, inputs, inputCount, outputNames, outputs, outputCount] = calls.subarray(i);
    const status = run(
      session, 0n, inputNames, inputs, Number(inputCount), outputNames, Number(outputCount), outputs,
    );
    koffi.encode(mail[0], (i + wordsOfCall - 1) * 8, "uint64_t", status ?? 0n);
  }
  Atomics.add(counts, 1, 1);
  Atomics.notify(counts, 1);
}
`;

/** A thread that runs sessions while this thread does, too. Does not keep the process alive. */
export class Helper {
  readonly #api: CApi;
  // What was begun, what has ended, whether it has started. Both sides wait for these: an event loop would take longer
  // to notice than a small graph to run.
  readonly #counts = new Int32Array(new SharedArrayBuffer(12));
  /** Where the words of the calls begin, and how many there are. */
  readonly #mail = new BigUint64Array(new SharedArrayBuffer(16));
  #ended = 0;
  /** What is being run: kept, with all that it points to, until the end. */
  #running: { calls: readonly RunCall[]; words: BigUint64Array } | undefined;

  constructor(api: CApi) {
    this.#api = api;
    const thread = new Worker(program, {
      eval: true,
      name: "engine",
      execArgv: [],
      workerData: {
        counts: this.#counts,
        mail: this.#mail,
        library: api.library,
        runAddress: api.runAddress,
        signature: runSignature,
        engine: import.meta.url, // from where koffi is found
        wordsOfCall,
      },
    });
    thread.unref();
  }

  /** Begins to run sessions, one after the other; `end` is to follow. */
  begin(calls: readonly RunCall[]): void {
    const words = BigUint64Array.from(calls.flatMap(wordsOf));
    this.#running = { calls, words };
    this.#mail[0] = addressOf(words);
    this.#mail[1] = BigInt(words.length);
    Atomics.add(this.#counts, 0, 1);
    Atomics.notify(this.#counts, 0);
  }

  /**
   * Waits for what was begun.
   *
   * @throws the first failure
   */
  end(): void {
    if (Atomics.wait(this.#counts, 2, 0, 60_000) === "timed-out") {
      throw new Error("A helper thread of the engine did not start within a minute");
    }
    Atomics.wait(this.#counts, 1, this.#ended);
    this.#ended++;
    const { words } = this.#running!;
    this.#running = undefined;
    const statuses = words.filter((_, i) => i % wordsOfCall === wordsOfCall - 1);
    // All are looked at: each frees its status.
    const failures = [...statuses].flatMap((status) => {
      try {
        this.#api.check(status);
        return [];
      } catch (error) {
        return [error];
      }
    });
    if (failures.length > 0) throw failures[0];
  }
}

function wordsOf({ session, inputNames, inputs, outputNames, outputs }: RunCall): bigint[] {
  return [
    session,
    inputNames,
    addressOf(inputs),
    BigInt(inputs.length),
    outputNames,
    addressOf(outputs),
    BigInt(outputs.length),
    0n,
  ];
}
