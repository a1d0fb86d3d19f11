import { type Attributes, elementType, type ElementType } from "./onnx/types.ts";
import type { Data, HostData } from "./runtime/data.ts";

export type { HostData } from "./runtime/data.ts";

/** A tensor in the recording: numbers, or the node that will make them. */
export interface Value {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** The node that makes this value; undefined once computed, and for host data. */
  node: Node | undefined;
  /** The numbers, once there are some. */
  data: Data | undefined;
  /** Set for constants that belong to the structure of the graph (axes, shapes, small tables): their cache key. */
  readonly constant: string | undefined;
}

/** An operation in the recording: one of ONNX, or one of the engine's own (domain "gen") that lowering expands. */
export interface Node {
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
  /** Where it was recorded, if in a branch. */
  readonly branch?: Branch | undefined;
}

/** One of several functions of which none needs what another makes. */
export interface Branch {
  /** Which such group of a recording: 1, 2, … */
  readonly fork: number;
  readonly index: number;
}

/** Stands for an optional input that an operation is not given. */
export const absent: Value = {
  type: "float32",
  shape: [0],
  node: undefined,
  data: new Float32Array(0),
  constant: "absent",
};

export interface OpOptions {
  /** Of the result; the first input's when absent. */
  shape?: readonly number[];
  type?: ElementType;
  attributes?: Attributes;
  domain?: string;
}

/** The operations recorded since the last computation, in order. */
export class Graph {
  nodes: Node[] = [];
  /** The branch that is being recorded. */
  branch: Branch | undefined;

  /** Records an operation with one result. */
  op(op: string, inputs: readonly Value[], options: OpOptions = {}): Value {
    const first = inputs[0];
    const shape = options.shape ?? first?.shape;
    const type = options.type ?? first?.type;
    if (!shape || !type)
      throw new Error(`${op}: an operation without inputs needs a shape and a type`);
    return this.multi(op, inputs, [{ shape, type }], options)[0] as Value;
  }

  /** Records an operation with several results. */
  multi(
    op: string,
    inputs: readonly Value[],
    results: readonly { shape: readonly number[]; type: ElementType }[],
    options: Pick<OpOptions, "attributes" | "domain"> = {},
  ): Value[] {
    const outputs: Value[] = [];
    const node: Node = {
      op,
      domain: options.domain ?? "",
      inputs,
      outputs,
      attributes: options.attributes ?? {},
      ...(this.branch && { branch: this.branch }),
    };
    for (const { shape, type } of results) {
      outputs.push({ type, shape, node, data: undefined, constant: undefined });
    }
    this.nodes.push(node);
    return outputs;
  }

  /** A constant list of integers: axes, a shape, starts. */
  ints(values: readonly number[]): Value {
    return this.constant(
      "int64",
      [values.length],
      BigInt64Array.from(values, (v) => BigInt(v)),
      values.join(),
    );
  }

  /** A constant scalar. */
  scalar(value: number, type: ElementType = "float32"): Value {
    const data =
      type === "float32"
        ? Float32Array.of(value)
        : type === "int64"
          ? BigInt64Array.of(BigInt(value))
          : type === "int32"
            ? Int32Array.of(value)
            : Uint8Array.of(value);
    return this.constant(type, [], data, String(value));
  }

  /**
   * A constant that belongs to the structure of the graph.
   *
   * @param key tells its contents apart from every other constant of this type and shape
   */
  constant(type: ElementType, shape: readonly number[], data: HostData, key: string): Value {
    return { type, shape, node: undefined, data, constant: key };
  }

  /** The value in another shape of the same size. Costs nothing at run time. */
  reshape(value: Value, shape: readonly number[]): Value {
    const { node } = value;
    // Of several, one after the other, the last alone counts.
    if (node?.op === "Reshape") return this.reshape(node.inputs[0]!, shape);
    if (sameShape(value.shape, shape)) return value;
    if (value.data && !value.node) return { ...value, shape };
    // ONNX reads a zero as «the size that was there» unless told otherwise.
    const attributes: Attributes = shape.includes(0) ? { allowzero: { int: 1 } } : {};
    return this.op("Reshape", [value, this.ints(shape)], { shape, attributes });
  }

  transpose(value: Value, order: readonly number[]): Value {
    const shape = order.map((axis) => value.shape[axis] as number);
    // Where axes of size 1 alone change places, the numbers keep theirs.
    const large = order.filter((axis) => value.shape[axis] !== 1);
    if (large.every((axis, i) => i === 0 || axis > (large[i - 1] as number)))
      return this.reshape(value, shape);
    return this.op("Transpose", [value], {
      shape,
      attributes: { perm: { ints: order } },
    });
  }

  cast(value: Value, type: ElementType): Value {
    if (value.type === type) return value;
    return this.op("Cast", [value], { type, attributes: { to: { int: elementType[type] } } });
  }
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
