import { bits, draw, normal, type Key, type Tensor } from "@gen/tensor";

/** How random directions v with E[v·vᵀ] = I are drawn: signs ±1 (the least variance), or standard normal. */
export type ProbeKind = "rademacher" | "gaussian";

/** Random directions of a shape. The caller disposes of the tensor. */
export function probe(key: Key, shape: number[], kind: ProbeKind): Tensor {
  if (kind === "gaussian") return normal(key, shape);
  if (kind !== "rademacher") {
    throw new Error(`probe: kind must be "rademacher" or "gaussian", got ${JSON.stringify(kind)}`);
  }
  const row = shape.slice(1).reduce((product, n) => product * n, 1);
  return draw(key, shape, (k, rows) =>
    Float32Array.from(bits(k, rows * row), (word) => (word >>> 31) * 2 - 1),
  );
}
