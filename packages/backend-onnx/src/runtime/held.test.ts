import { createRequire } from "node:module";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import type { OnnxBackend } from "../backend.ts";
import { registerRuntime } from "../register.ts";
import { type Held, type HostData, isHost } from "./data.ts";
import { createRuntime } from "./node.ts";
import type { Runtime } from "./runtime.ts";

let alive = 0;
let reads = 0;

/** Numbers that only a run or a read can see, as on a GPU; using them once freed fails. */
class Counted implements Held {
  #data: HostData | undefined;

  constructor(data: HostData) {
    this.#data = data;
    alive++;
  }

  get data(): HostData {
    if (!this.#data) throw new Error("used after it was freed");
    return this.#data;
  }

  readSync(): HostData {
    reads++;
    return this.data;
  }

  async read(): Promise<HostData> {
    await Promise.resolve();
    return this.readSync();
  }

  dispose(): void {
    if (!this.#data) throw new Error("freed twice");
    this.#data = undefined;
    alive--;
  }
}

/** The CPU's runtime, as one that keeps its results to itself. */
async function holdingRuntime(): Promise<Runtime> {
  const cpu = await createRuntime({ device: "cpu", threads: 1 });
  return {
    ...cpu,
    load(model) {
      const session = cpu.load(model);
      return {
        run: (inputs) =>
          session
            .run(
              inputs.map((input) => ({
                ...input,
                data: isHost(input.data) ? input.data : (input.data as Counted).data,
              })),
            )
            .map((data) => {
              const numbers = isHost(data) ? data : data.readSync();
              if (!isHost(data)) data.dispose();
              return new Counted(numbers);
            }),
        dispose: () => session.dispose(),
      };
    },
  };
}

const backend = (): OnnxBackend => tf.backend() as OnnxBackend;

beforeAll(async () => {
  registerRuntime(await holdingRuntime());
  await tf.setBackend("onnx");
});

test("held numbers live as long as a tensor that shares them, and are read only when asked for", () => {
  const x = tf.add(tf.tensor1d([1, 2, 3, 4]), 1);
  backend().flush();
  expect(alive).toBe(1);
  const square = tf.reshape(x, [2, 2]);
  x.dispose();
  const product = tf.matMul(square, square);
  square.dispose(); // recorded, not computed: still needed
  expect(reads).toBe(0);
  expect([...product.dataSync()]).toEqual([16, 21, 28, 37]);
  expect(alive).toBe(1);
  product.dispose();
  backend().flush();
  expect(alive).toBe(0);
});

test("a read that is under way outlives its tensor", async () => {
  const x = tf.add(tf.tensor1d([1]), 1);
  const coming = x.data();
  x.dispose();
  backend().flush();
  expect([...(await coming)]).toEqual([2]);
  backend().flush();
  expect(alive).toBe(0);
});

test("a program frees what it replaces, at every call", () => {
  const state = tf.tidy(() => tf.variable(tf.tensor1d([1, 1])));
  const large = tf.mul(tf.ones([2000]), 2);
  backend().flush();
  const program = backend().startProgram();
  program.input(state.dataId);
  const next = tf.tidy(() => tf.add(state, tf.sum(large)));
  program.finish([next]);
  next.dispose();
  large.dispose(); // a constant of the program now
  for (let call = 1; call <= 50; call++) {
    expect(program.run([state.dataId], [state.dataId])).toEqual([undefined]);
    backend().flush();
    expect(alive).toBe(2);
  }
  expect([...state.dataSync()]).toEqual([200_001, 200_001]);
  program.dispose();
  state.dispose();
  backend().flush();
  expect(alive).toBe(0);
});

test("the inner binding is the one that the engine was written for", () => {
  // onnxruntime-node is pinned exactly: a release in which `run` is no longer synchronous shows here.
  const require = createRequire(import.meta.url);
  expect((require("onnxruntime-node/package.json") as { version: string }).version).toBe("1.30.0");
});
