import { Graph, type Value } from "../graph.ts";
import type { Attributes, ElementType } from "../onnx/types.ts";
import type { Device } from "../runtime/runtime.ts";
import { substitutes } from "../substitutes/index.ts";

/** What runs the operators: a device, or anything that knows ONNX's own operators and no others. */
export type Provider = Device | "standard";

/** What the lowering may use. */
export interface Target {
  provider: Provider;
  /** Channels per block of the blocked convolution operators; 0 for none. */
  blockSize: number;
}

/** A graph under lowering: an operation is written as the provider has it, and one that is asked for twice made once. */
export class LoweringGraph extends Graph {
  readonly target: Target;
  readonly #ids = new Map<Value, number>();
  readonly #known = new Map<string, Value[]>();
  readonly #constants = new Map<string, Value>();

  constructor(target: Target) {
    super();
    this.target = target;
  }

  id(value: Value): number {
    let id = this.#ids.get(value);
    if (id === undefined) {
      id = this.#ids.size;
      this.#ids.set(value, id);
    }
    return id;
  }

  override multi(
    op: string,
    inputs: readonly Value[],
    results: readonly { shape: readonly number[]; type: ElementType }[],
    options: { attributes?: Attributes; domain?: string } = {},
  ): Value[] {
    const substitute = substitutes[this.target.provider]?.[op];
    const substituted = substitute?.(this, inputs, options.attributes ?? {}, results);
    if (substituted) return substituted;
    const key = `${op}|${options.domain ?? ""}|${JSON.stringify(options.attributes ?? {})}|${inputs
      .map((input) => this.id(this.unique(input)))
      .join()}|${results.map((r) => r.shape.join()).join("/")}`;
    let outputs = this.#known.get(key);
    if (!outputs) {
      outputs = super.multi(
        op,
        inputs.map((input) => this.unique(input)),
        results,
        options,
      );
      this.#known.set(key, outputs);
    }
    return outputs;
  }

  /** The one value that stands for all constants with the same contents. */
  unique(value: Value): Value {
    if (value.constant === undefined) return value;
    const key = `${value.type}|${value.shape.join()}|${value.constant}`;
    let known = this.#constants.get(key);
    if (!known) {
      known = value;
      this.#constants.set(key, known);
    }
    return known;
  }
}
