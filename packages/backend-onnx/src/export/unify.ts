import { type HostData, type Node, sizeOf, type Value } from "../graph.ts";
import type { ElementType, ModelNode } from "../onnx/types.ts";
import { type Data, isHost } from "../runtime/data.ts";
import { fit, type Sized, sizeName } from "./batch-size.ts";
import type { NamedTensor, RecordedModel } from "./model-recording.ts";

/** A tensor with numbers in a model. */
export interface Initializer {
  name: string;
  type: ElementType;
  shape: readonly number[];
  data: Data;
}

export interface Signature {
  name: string;
  type: ElementType;
  /** Sizes; one that depends on the batch size is a text such as "batch". */
  shape: (number | string)[];
}

/** A model with names, ready to be encoded. */
export interface UnifiedModel {
  nodes: ModelNode[];
  inputs: Signature[];
  outputs: Signature[];
  /** The shapes between: ONNX's inference loses how sizes depend on the batch, and loaders then plan badly. */
  values: Signature[];
  weights: Initializer[];
  constants: Initializer[];
}

/**
 * One model of a function that was recorded at one batch size, or at several: then sizes, and whole numbers in the
 * graph, that differ lie on a line over the batch size and are computed in the model from the size of its input, and all
 * else is equal. The third size and any further one only check what the first two say.
 *
 * @throws if the recordings differ in anything else
 */
export function unify(
  models: readonly RecordedModel[],
  batchSizes: readonly number[],
  outputNames: readonly string[],
): UnifiedModel {
  return new Unifier(models, batchSizes).unify(outputNames);
}

class Unifier {
  readonly #models: readonly RecordedModel[];
  readonly #first: RecordedModel;
  readonly #sizes: readonly number[];
  readonly #names = new Map<Value, string>();
  /** What stands in the first model for a value of another one. */
  readonly #counterparts = new Map<Value, Value>();
  readonly #taken = new Set<string>();
  readonly #constants = new Map<string, Initializer>();
  readonly #nodes: ModelNode[] = [];
  readonly #values: Signature[] = [];
  #computed = new Map<string, string>();
  #inputs: Signature[] = [];
  #counts = new Map<string, number>();

  constructor(models: readonly RecordedModel[], sizes: readonly number[]) {
    this.#models = models;
    this.#first = models[0] as RecordedModel;
    this.#sizes = sizes;
  }

  unify(outputNames: readonly string[]): UnifiedModel {
    const { inputs, weights, nodes, outputs } = this.#first;
    for (const name of outputNames) this.#take(name);
    this.#inputs = inputs.map((input, i) => this.#end(input, (model) => model.inputs[i]));
    weights.forEach((weight, i) => this.#end(weight, (model) => model.weights[i]));
    outputs.forEach((value, i) => this.#names.set(value, outputNames[i] as string));
    if (this.#models.some((model) => model.nodes.length !== nodes.length)) {
      const counts = this.#models.map((model) => model.nodes.length).join(", ");
      this.#refuse(`it has ${counts} operations`);
    }
    nodes.forEach((node, i) =>
      this.#node(
        node,
        this.#models.map((model) => model.nodes[i] as Node),
      ),
    );
    const results = outputs.map((output, i): Signature => {
      const all = this.#models.map((model) => model.outputs[i] as Value);
      if (all.some((value) => this.#counterpart(value) !== output)) {
        this.#refuse(`output ${i} comes from another operation`);
      }
      const { type } = output;
      return { name: outputNames[i] as string, type, shape: this.#shape(all, `output ${i}`) };
    });
    return {
      nodes: this.#nodes,
      inputs: this.#inputs,
      outputs: results,
      values: this.#values,
      weights: weights.map(({ name, type, shape, data }) => ({ name, type, shape, data })),
      constants: [...this.#constants.values()],
    };
  }

  /** An input or a weight. */
  #end(first: NamedTensor, at: (model: RecordedModel) => NamedTensor | undefined): Signature {
    const { name, type, value } = first;
    const all = this.#models.map((model) => {
      const tensor = at(model);
      if (tensor?.name !== name) this.#refuse(`it does not always read ${name}`);
      return tensor as NamedTensor;
    });
    this.#take(name);
    this.#names.set(value, name);
    for (const tensor of all) this.#counterparts.set(tensor.value, value);
    return { name, type, shape: this.#shape(all, name) };
  }

  #node(first: Node, nodes: readonly Node[]): void {
    const { op } = first;
    const structure = structureOf(first);
    const other = nodes.find((node) => structureOf(node) !== structure);
    if (other) {
      this.#refuse(
        op === other.op ? `the attributes of a ${op} differ` : `a ${op} becomes a ${other.op}`,
      );
    }
    first.outputs.forEach((output, i) => {
      for (const node of nodes) this.#counterparts.set(node.outputs[i] as Value, output);
      if (this.#names.has(output)) return;
      const name = this.#fresh(op);
      this.#names.set(output, name);
      const all = nodes.map((node) => node.outputs[i] as Value);
      const shape = this.#shape(all, `the result of a ${op}`);
      this.#values.push({ name, type: output.type, shape });
    });
    const inputs = first.inputs.map((input, i) => {
      const all = nodes.map((node) => node.inputs[i] as Value);
      if (input.data !== undefined && input.constant !== undefined) return this.#constant(op, all);
      if (all.some((value) => this.#counterpart(value) !== input)) {
        this.#refuse(`a ${op} reads the result of another operation`);
      }
      return this.#names.get(input) as string;
    });
    this.#nodes.push({
      op,
      domain: "",
      inputs,
      outputs: first.outputs.map((output) => this.#names.get(output) as string),
      attributes: first.attributes,
    });
  }

  #counterpart(value: Value): Value | undefined {
    return this.#counterparts.get(value);
  }

  /** The name of a constant, or of what computes it from the batch size. */
  #constant(op: string, all: readonly Value[]): string {
    const [{ type, shape, data, constant }] = all as [Value];
    const datas = all.map((value) => value.data as Data);
    if (all.every((value) => value.shape.join() === shape.join())) {
      if (datas.every((other) => equal(other, data as Data))) {
        return this.#initializer(type, shape, data as Data, constant as string);
      }
      if (type === "int64" || type === "int32") {
        const numbers = datas.map((list) => Array.from(list as HostData, Number));
        const sized = (numbers[0] as number[]).map((_, i) =>
          this.#fit(
            numbers.map((list) => list[i] as number),
            `a constant of a ${op}`,
          ),
        );
        return this.#sized(sized, type, shape, op);
      }
    }
    const row = rowOf(all);
    if (row) {
      const rest = shape.slice(1);
      const name = this.#initializer(type, [1, ...rest], row, `row ${row.join()}`);
      const target = this.#shapeOf(all, `a constant of a ${op}`);
      return this.#op("Expand", [name, this.#sized(target, "int64", [target.length], "Expand")]);
    }
    return this.#refuse(
      `a ${type} constant of a ${op} is [${shape.join(", ")}] and its numbers change with the batch size`,
    );
  }

  /** Whole numbers that depend on the batch size. */
  #sized(
    sized: readonly Sized[],
    type: "int32" | "int64",
    shape: readonly number[],
    op: string,
  ): string {
    const numbers = (list: readonly number[]): HostData =>
      type === "int64" ? BigInt64Array.from(list, BigInt) : Int32Array.from(list);
    const constant = (list: readonly number[]): string =>
      this.#initializer(type, shape, numbers(list), list.join());
    const varying = sized.filter(({ times }) => times !== 0);
    const plus = sized.map((size) => size.plus);
    // One size of a Reshape follows from the others.
    if (
      op === "Reshape" &&
      varying.length === 1 &&
      sized.every((size) => size.times || size.plus)
    ) {
      return constant(sized.map((size) => (size.times === 0 ? size.plus : -1)));
    }
    const product = this.#op("Mul", [this.#batch(type), constant(sized.map((size) => size.times))]);
    const vector = this.#op("Add", [product, constant(plus)]);
    // The batch size is a list of one, and so is what is computed from a scalar and it.
    return shape.length > 0 ? vector : this.#op("Squeeze", [vector]);
  }

  /** The name of the batch size, a list of one number. */
  #batch(type: "int32" | "int64"): string {
    const input = this.#inputs.find(({ shape }) => shape[0] === "batch") as Signature;
    const size = this.#op("Shape", [input.name], { start: { int: 0 }, end: { int: 1 } });
    return type === "int64" ? size : this.#op("Cast", [size], { to: { int: 6 } });
  }

  /** An operation of the unified model alone, written once. */
  #op(op: string, inputs: readonly string[], attributes: ModelNode["attributes"] = {}): string {
    const key = `${op} ${inputs.join()} ${JSON.stringify(attributes)}`;
    let name = this.#computed.get(key);
    if (name === undefined) {
      name = this.#fresh(op);
      this.#computed.set(key, name);
      this.#nodes.push({ op, domain: "", inputs, outputs: [name], attributes });
    }
    return name;
  }

  #initializer(type: ElementType, shape: readonly number[], data: Data, key: string): string {
    const id = `${type} ${shape.join()} ${key}`;
    let known = this.#constants.get(id);
    if (!known) {
      known = { name: this.#fresh("constant"), type, shape, data };
      this.#constants.set(id, known);
    }
    return known.name;
  }

  #shape(all: readonly { shape: readonly number[] }[], what: string): (number | string)[] {
    return this.#shapeOf(all, what).map(sizeName);
  }

  #shapeOf(all: readonly { shape: readonly number[] }[], what: string): Sized[] {
    const [{ shape }] = all as [{ shape: readonly number[] }];
    if (all.some((value) => value.shape.length !== shape.length)) {
      this.#refuse(`${what} changes its rank`);
    }
    return shape.map((_, axis) =>
      this.#fit(
        all.map((value) => value.shape[axis] as number),
        `axis ${axis} of ${what}`,
      ),
    );
  }

  #fit(numbers: readonly number[], what: string): Sized {
    return (
      fit(numbers, this.#sizes) ??
      this.#refuse(
        `${what} is ${numbers.join(", ")}, not a multiple of the batch size and a number`,
      )
    );
  }

  #fresh(op: string): string {
    let name: string;
    do {
      const count = this.#counts.get(op) ?? 0;
      this.#counts.set(op, count + 1);
      name = `${op}_${count}`;
    } while (this.#taken.has(name));
    this.#taken.add(name);
    return name;
  }

  #take(name: string): void {
    if (this.#taken.has(name)) {
      throw new Error(`exportOnnx: two tensors of the model would be named "${name}"`);
    }
    this.#taken.add(name);
  }

  #refuse(why: string): never {
    throw new Error(
      `exportOnnx: the function is not the same for every batch size: at ${this.#sizes.join(", ")} ${why}; ` +
        "leave dynamicBatch out, or write it so that only sizes depend on the batch",
    );
  }
}

function structureOf({ op, attributes, inputs, outputs }: Node): string {
  return `${op} ${inputs.length} ${outputs.length} ${JSON.stringify(attributes)}`;
}

function equal(a: Data, b: Data): boolean {
  if (a === b) return true;
  if (!isHost(a) || !isHost(b) || a.length !== b.length) return false;
  return a.every((number: number | bigint, i: number) => Object.is(number, b[i]));
}

/** The row that all rows of all these values are, if they are. */
function rowOf(all: readonly Value[]): Exclude<HostData, BigInt64Array> | undefined {
  const [{ shape, data }] = all as [Value];
  const rest = shape.slice(1);
  if (!isHost(data) || data instanceof BigInt64Array || shape.length === 0) return undefined;
  const size = sizeOf(rest);
  const row = data.slice(0, size);
  const alike = all.every(
    (value) =>
      isHost(value.data) &&
      value.shape.slice(1).join() === rest.join() &&
      value.data.every((number: number | bigint, i: number) => Object.is(number, row[i % size])),
  );
  return alike ? row : undefined;
}
