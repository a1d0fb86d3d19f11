import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  Worker,
} from "node:worker_threads";
import type { LoadableModel, RuntimeTensor } from "./runtime.ts";
import type { HostData } from "./data.ts";
import type { ElementType } from "../onnx/types.ts";

/** What a helper is asked; it answers each with an `Answer`, in their order. */
type Request =
  | { load: number; model: Uint8Array; options: object; outputs: readonly string[] }
  /** Another set of inputs for the model of a session. */
  | { load: number; of: number }
  /** Where the inputs are found comes with the first run. */
  | { run: number; inputs?: readonly SharedInput[] }
  | { free: number };

interface SharedInput {
  name: string;
  type: ElementType;
  dims: readonly number[];
  shared: HostData;
}

interface Answer {
  error?: string;
  results?: HostData[];
}

/**
 * What a helper runs. It is text, because a thread starts from a file or a text of JavaScript, and this file is
 * TypeScript where the sources are run as they are. ONNX Runtime reads no shared memory, hence the copies.
 */
const program = `
const { createRequire } = require("node:module");
const { receiveMessageOnPort, workerData: { port, asked, answered, engine } } = require("node:worker_threads");
const sessions = new Map();
let binding;
function answer({ load, of, run, free, model, options, inputs, outputs }) {
  if (!binding) {
    const loaded = createRequire(engine)("onnxruntime-node/dist/binding");
    loaded.initOrt();
    binding = loaded.binding;
  }
  if (of !== undefined) {
    const { session, outputs, fetches } = sessions.get(of);
    sessions.set(load, { session, outputs, fetches, inputs: [], feeds: {}, shared: true });
    return {};
  }
  if (load !== undefined) {
    const session = new binding.InferenceSession();
    session.loadModel(model.buffer, model.byteOffset, model.byteLength, options);
    const fetches = Object.fromEntries(outputs.map((name) => [name, null]));
    sessions.set(load, { session, outputs, fetches, inputs: [], feeds: {} });
    return {};
  }
  if (free !== undefined) {
    const { session, shared } = sessions.get(free) ?? { shared: true };
    if (!shared) session.dispose();
    sessions.delete(free);
    return {};
  }
  const known = sessions.get(run);
  if (inputs) known.inputs = inputs;
  for (const { name, type, dims, shared } of known.inputs) {
    known.feeds[name] ??= { type, dims, data: new shared.constructor(shared.length), location: "cpu" };
    known.feeds[name].data.set(shared);
  }
  const made = known.session.run(known.feeds, known.fetches, {});
  return { results: known.outputs.map((name) => made[name].data) };
}
for (let done = 0; ; done++) {
  Atomics.wait(asked, 0, done);
  let reply;
  try {
    reply = answer(receiveMessageOnPort(port).message);
  } catch (error) {
    reply = { error: error.message };
  }
  port.postMessage(reply, (reply.results ?? []).map(({ buffer }) => buffer));
  Atomics.add(answered, 0, 1);
  Atomics.notify(answered, 0);
}
`;

/** A thread with sessions of its own, which compute while this thread does, too. Does not keep the process alive. */
export class Helper {
  readonly #port: MessagePort;
  // Both sides count, and wait for the count: an event loop would take longer to notice than a small graph to run.
  readonly #asked = new Int32Array(new SharedArrayBuffer(4));
  readonly #answered = new Int32Array(new SharedArrayBuffer(4));
  #received = 0;
  #sessions = 0;

  /** @param engine the file from which onnxruntime-node is found */
  constructor(engine: string) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const thread = new Worker(program, {
      eval: true,
      name: "engine",
      execArgv: [],
      workerData: { port: port2, asked: this.#asked, answered: this.#answered, engine },
      transferList: [port2],
    });
    thread.unref();
    port1.unref();
  }

  /** Begins to load a model; `loaded` waits for it. */
  load({ model, inputs, outputs }: LoadableModel, options: object): HelperSession {
    const id = this.#sessions++;
    this.#ask({ load: id, model, options, outputs });
    return this.#session(id, inputs);
  }

  /** Another session of the same model, with inputs of its own; as long as that one is there. */
  share({ id: of, inputs }: HelperSession): HelperSession {
    const id = this.#sessions++;
    this.#ask({ load: id, of });
    return this.#session(id, inputs);
  }

  #session(id: number, inputs: readonly string[]): HelperSession {
    let shared: SharedInput[] | undefined;
    return {
      id,
      inputs,
      loaded: () => void this.#answer(),
      begin: (values) => {
        const first = shared === undefined;
        shared ??= values.map((value, i) => sharedInput(inputs[i] as string, value));
        shared.forEach((input, i) => input.shared.set(values[i]?.data as never));
        this.#ask({ run: id, ...(first && { inputs: shared }) });
      },
      end: () => this.#answer().results as HostData[],
      dispose: () => {
        this.#ask({ free: id });
        this.#answer();
      },
    };
  }

  #ask(request: Request): void {
    this.#port.postMessage(request);
    Atomics.add(this.#asked, 0, 1);
    Atomics.notify(this.#asked, 0);
  }

  /** Waits for the next answer. */
  #answer(): Answer {
    Atomics.wait(this.#answered, 0, this.#received);
    this.#received++;
    const { message } = receiveMessageOnPort(this.#port) as { message: Answer };
    if (message.error !== undefined) throw new Error(message.error);
    return message;
  }
}

/** A place for an input's numbers that both threads see. */
function sharedInput(name: string, { type, shape, data }: RuntimeTensor): SharedInput {
  const { constructor, byteLength } = data as HostData;
  const shared = new (constructor as Float32ArrayConstructor)(new SharedArrayBuffer(byteLength));
  return { name, type, dims: shape, shared };
}

/** A model that a helper has loaded. What was begun is ended before anything else is asked of the helper's sessions. */
export interface HelperSession {
  readonly id: number;
  readonly inputs: readonly string[];
  /** Waits until it is loaded. */
  loaded(): void;
  begin(inputs: readonly RuntimeTensor[]): void;
  /** Waits for what was begun. */
  end(): HostData[];
  dispose(): void;
}
