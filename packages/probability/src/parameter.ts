import { type Tensor, tensor } from "@gen/tensor";

/** A parameter of a distribution: a number, a list of numbers, or a tensor of any shape. It stays the caller's. */
export type Parameter = number | readonly number[] | Tensor;

/** What TensorFlow.js's operations take: their types want lists that may be written to. */
export function asInput(parameter: Parameter): Tensor | number | number[] {
  return parameter as Tensor | number | number[];
}

/** The parameter itself where it is a tensor, else a new one. */
export function asTensor(parameter: Parameter): Tensor {
  return typeof parameter === "object" && "dataId" in parameter
    ? parameter
    : tensor(parameter as number | number[]);
}

/** The shape of a parameter: [] for a number. */
export function shapeOf(parameter: Parameter): readonly number[] {
  if (typeof parameter === "number") return [];
  return Array.isArray(parameter) ? [parameter.length] : (parameter as Tensor).shape;
}

/** The shape that parameters broadcast to. */
export function broadcastShape(
  what: string,
  parameters: Readonly<Record<string, Parameter | { readonly shape: readonly number[] }>>,
): number[] {
  const shapes = Object.values(parameters).map((each) =>
    typeof each === "object" && "shape" in each ? each.shape : shapeOf(each as Parameter),
  );
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, i) => {
    const sizes = shapes.map((shape) => shape[i - rank + shape.length] ?? 1);
    const size = sizes.find((n) => n !== 1) ?? 1;
    if (sizes.every((n) => n === 1 || n === size)) return size;
    const given = Object.keys(parameters).map((name, n) => `${name} [${shapes[n]}]`);
    throw new Error(`${what}: shapes must broadcast to one, got ${given.join(" and ")}`);
  });
}

/** Throws where a parameter given as plain numbers is not finite and above zero. Values of tensors are not read. */
export function expectPositive(what: string, name: string, parameter: Parameter): void {
  for (const value of plain(parameter)) {
    if (!(value > 0 && value < Infinity)) {
      throw new Error(`${what}: ${name} must be finite and above 0, got ${value}`);
    }
  }
}

/** Throws where a parameter given as plain numbers is not finite. Values of tensors are not read. */
export function expectFinite(what: string, name: string, parameter: Parameter): void {
  for (const value of plain(parameter)) {
    if (!Number.isFinite(value)) throw new Error(`${what}: ${name} must be finite, got ${value}`);
  }
}

function plain(parameter: Parameter): readonly number[] {
  if (typeof parameter === "number") return [parameter];
  return Array.isArray(parameter) ? parameter : [];
}

/** Throws unless x is an event, or a batch of events, that fits a distribution: the shapes must broadcast. */
export function expectEvents(
  what: string,
  { batchShape, eventShape }: { batchShape: readonly number[]; eventShape: readonly number[] },
  x: Tensor,
): void {
  const tail = eventShape.length === 0 ? [] : x.shape.slice(-eventShape.length);
  if (tail.length !== eventShape.length || tail.some((n, i) => n !== eventShape[i])) {
    throw new Error(
      `${what}: x must end in the event shape [${eventShape}], got a tensor of shape [${x.shape}]`,
    );
  }
  const batch = x.shape.slice(0, x.rank - eventShape.length);
  broadcastShape(what, { "x's batch": { shape: batch }, batchShape: { shape: batchShape } });
}
