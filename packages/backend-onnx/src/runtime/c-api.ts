import koffi, { type TypeObject } from "koffi";
import { type ElementType, elementType } from "../onnx/types.ts";
import type { HostData } from "./data.ts";

/** An address in the process's memory; every thread may use it. */
export type Pointer = bigint;

/** What the engine asks of ONNX Runtime's session options. */
export interface SessionOptions {
  threads: number;
  provider: "cpu" | "cuda";
  /** By their names in onnxruntime_session_options_config_keys.h. */
  config: Readonly<Record<string, string>>;
}

/** One run of a session: pointers to arrays of as many names and of as many values (`OrtValue*`). */
export interface RunCall {
  session: Pointer;
  inputNames: Pointer;
  inputs: BigUint64Array;
  outputNames: Pointer;
  /** A value that is there is written into; for a 0 ONNX Runtime makes one and puts it here. */
  outputs: BigUint64Array;
}

/** The version of the functions' table that is asked for: a library has those of all versions before its own. */
const apiVersion = 22;

const pointer = "void *";
const out = koffi.out(koffi.pointer(pointer));
const status = pointer;

/**
 * The functions of `OrtApi` (onnxruntime_c_api.h) that the engine calls: their places in its table, which no later version
 * changes, what they answer and take.
 */
const functions = {
  getErrorMessage: [2, "str", [pointer]],
  createEnv: [3, status, ["int", "str", out]],
  createSessionFromArray: [8, status, [pointer, pointer, "size_t", pointer, out]],
  run: [9, status, [pointer, pointer, pointer, pointer, "size_t", pointer, "size_t", pointer]],
  createSessionOptions: [10, status, [out]],
  disableMemPattern: [17, status, [pointer]],
  setSessionLogSeverityLevel: [22, status, [pointer, "int"]],
  setSessionGraphOptimizationLevel: [23, status, [pointer, "int"]],
  setIntraOpNumThreads: [24, status, [pointer, "int"]],
  setInterOpNumThreads: [25, status, [pointer, "int"]],
  createTensorWithDataAsOrtValue: [
    49,
    status,
    [pointer, pointer, "size_t", pointer, "size_t", "int", out],
  ],
  getTensorMutableData: [51, status, [pointer, out]],
  createCpuMemoryInfo: [69, status, ["int", "int", out]],
  releaseStatus: [93, "void", [pointer]],
  releaseSession: [95, "void", [pointer]],
  releaseValue: [96, "void", [pointer]],
  releaseSessionOptions: [100, "void", [pointer]],
  addSessionConfigEntry: [130, status, [pointer, "str", "str"]],
  appendCuda: [203, status, [pointer, pointer]],
  createCudaOptions: [204, status, [out]],
  releaseCudaOptions: [207, "void", [pointer]],
} as const;

type Name = keyof typeof functions;

/** How `run` is called, for a thread that is given its address. */
export const runSignature: { readonly result: string; readonly parameters: readonly string[] } = {
  result: status,
  parameters: functions.run[2],
};

/** The numbers of each type that passes between the engine and ONNX Runtime: koffi's name, and JavaScript's arrays. */
const kinds = {
  float32: { name: "float", Numbers: Float32Array },
  int32: { name: "int32_t", Numbers: Int32Array },
  int64: { name: "int64_t", Numbers: BigInt64Array },
  bool: { name: "uint8_t", Numbers: Uint8Array },
  uint8: { name: "uint8_t", Numbers: Uint8Array },
} as const;

function kindOf(type: ElementType): (typeof kinds)[keyof typeof kinds] {
  if (type in kinds) return kinds[type as keyof typeof kinds];
  throw new Error(
    `The engine has no arrays for ${type}; there are ${Object.keys(kinds).join(", ")}`,
  );
}

// Optimizing a large graph goes deeper than the megabyte of stack that koffi gives a call. Once it has called something
// this is fixed: another instance of this module may have come first.
const stack = 8 * 1024 ** 2;
const { sync_stack_size: size = 0, ...sizes } = koffi.config();
if (size < stack) koffi.config({ ...sizes, sync_stack_size: stack });

/** ONNX Runtime's C library, as little of it as the engine needs. Every failure is thrown, in ONNX Runtime's words. */
export class CApi {
  readonly #call = {} as Record<Name, (...values: unknown[]) => unknown>;
  readonly #env: Pointer;
  readonly #memory: Pointer;
  readonly library: string;
  /** The address of `run`. */
  readonly runAddress: Pointer;

  /** @param library the file of ONNX Runtime's shared library, version 1.22 or later */
  constructor(library: string) {
    this.library = library;
    const base = koffi.load(library).func("OrtGetApiBase", pointer, [])() as Pointer;
    const getApi = functionAt(base, 0, pointer, ["uint32_t"]);
    const table = getApi(apiVersion) as Pointer;
    for (const [name, [place, result, parameters]] of Object.entries(functions)) {
      this.#call[name as Name] = functionAt(table, place, result, parameters);
    }
    this.runAddress = addressAt(table, functions.run[0]);
    const fatal = 4; // errors come as statuses
    this.#env = this.#made("createEnv", fatal, "gen");
    this.#memory = this.#made("createCpuMemoryInfo", 1, 0); // an arena's, of the usual kind
  }

  /** The caller releases the session. The model is copied. */
  createSession(model: Uint8Array, { threads, provider, config }: SessionOptions): Pointer {
    const options = this.#made("createSessionOptions");
    try {
      this.#do("setIntraOpNumThreads", options, threads);
      this.#do("setInterOpNumThreads", options, 1);
      this.#do("setSessionGraphOptimizationLevel", options, 99);
      this.#do("setSessionLogSeverityLevel", options, 4);
      // A planned block for each graph, on top of the arena, costs half as much memory again and saves no time.
      this.#do("disableMemPattern", options);
      for (const [key, value] of Object.entries(config)) {
        this.#do("addSessionConfigEntry", options, key, value);
      }
      if (provider === "cuda") this.#appendCuda(options);
      return this.#made("createSessionFromArray", this.#env, model, model.byteLength, options);
    } finally {
      this.#call.releaseSessionOptions(options);
    }
  }

  releaseSession(session: Pointer): void {
    this.#call.releaseSession(session);
  }

  /**
   * A value over numbers that lie in memory already, and must stay there as long as it. The caller releases it.
   *
   * @param address of the first number
   */
  tensor(address: Pointer, byteLength: number, shape: BigInt64Array, type: ElementType): Pointer {
    return this.#made(
      "createTensorWithDataAsOrtValue",
      this.#memory,
      address,
      byteLength,
      shape,
      shape.length,
      elementType[type],
    );
  }

  /** Where the numbers of a value lie. */
  numbersOf(value: Pointer): Pointer {
    return this.#made("getTensorMutableData", value);
  }

  releaseValue(value: Pointer): void {
    this.#call.releaseValue(value);
  }

  run({ session, inputNames, inputs, outputNames, outputs }: RunCall): void {
    this.#do("run", session, 0n, inputNames, inputs, inputs.length, outputNames, outputs.length, outputs); // prettier-ignore
  }

  /** Throws what a status says, if it says something. */
  check(status: Pointer | null): void {
    if (!status) return;
    const message = this.#call.getErrorMessage(status) as string;
    this.#call.releaseStatus(status);
    throw new Error(message);
  }

  #appendCuda(options: Pointer): void {
    const cuda = this.#made("createCudaOptions");
    try {
      this.#do("appendCuda", options, cuda);
    } finally {
      this.#call.releaseCudaOptions(cuda);
    }
  }

  #do(name: Name, ...values: unknown[]): void {
    this.check(this.#call[name](...values) as Pointer | null);
  }

  /** Calls a function that puts what it makes where its last argument points. */
  #made(name: Name, ...values: unknown[]): Pointer {
    const made: [Pointer | null] = [null];
    this.#do(name, ...values, made);
    return made[0] ?? 0n;
  }
}

/** An array of C strings. Both stay where they are as long as the answer's `memory` is kept. */
export function cStrings(texts: readonly string[]): { address: Pointer; memory: unknown } {
  const encoder = new TextEncoder();
  const strings = texts.map((text) => encoder.encode(`${text}\0`));
  const pointers = BigUint64Array.from(strings, (string) => koffi.address(string));
  return { address: koffi.address(pointers), memory: [strings, pointers] };
}

/** The address of an array's numbers. */
export function addressOf(array: ArrayBufferView): Pointer {
  return koffi.address(array);
}

/** An array for so many numbers of a type. */
export function hostArray(type: ElementType, count: number): HostData {
  return new (kindOf(type).Numbers)(count);
}

/** A copy of numbers in memory. */
export function copied(address: Pointer, type: ElementType, count: number): HostData {
  const { name, Numbers } = kindOf(type);
  return count === 0 ? new Numbers(0) : (koffi.decode(address, name, count) as HostData);
}

/** Numbers in memory, where they are: to be read before that memory is freed. */
export function viewed(address: Pointer, type: ElementType, count: number): HostData {
  const { Numbers } = kindOf(type);
  return count === 0
    ? new Numbers(0)
    : new Numbers(koffi.view(address, count * Numbers.BYTES_PER_ELEMENT));
}

export function bytesPerElement(type: ElementType): number {
  return kindOf(type).Numbers.BYTES_PER_ELEMENT;
}

function addressAt(table: Pointer, place: number): Pointer {
  return koffi.decode(table, place * koffi.sizeof(pointer), pointer) as Pointer;
}

function functionAt(
  table: Pointer,
  place: number,
  result: string,
  parameters: readonly unknown[],
): (...values: unknown[]) => unknown {
  const signature = koffi.proto(result, parameters as TypeObject[]);
  return koffi.decode(addressAt(table, place), signature) as never;
}
