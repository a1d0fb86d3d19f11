import { sameShape } from "../graph.ts";
import type { ElementType } from "../onnx/types.ts";
import { type CApi, copied, type Pointer, viewed } from "./c-api.ts";
import type { Held, HostData } from "./data.ts";
import type { RuntimeTensor } from "./runtime.ts";

/** Numbers in a value of ONNX Runtime's, which owns them. */
export class NativeTensor implements Held {
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

  get #known(): Pointer {
    if (this.#value === undefined) throw new Error("These numbers have been written over");
    return this.#value;
  }

  /** What its memory holds from now on, after something was written over these numbers. */
  overwritten(): NativeTensor {
    const next = new NativeTensor(this.#api, this.#known, this.#type, this.#shape);
    this.#value = undefined;
    return next;
  }

  /** Its value, if it has this shape and is asked for from its first number on. */
  valueFor({ shape, offset = 0 }: RuntimeTensor): Pointer | undefined {
    return offset === 0 && sameShape(shape, this.#shape) ? this.#known : undefined;
  }

  /** Where its numbers lie. */
  get address(): Pointer {
    return this.#api.numbersOf(this.#known);
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
}
