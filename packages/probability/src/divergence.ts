import { add, broadcastTo, mul, sum, tensor, tidy, valueAndGrad } from "@gen/tensor";
import type { Key, Tensor } from "@gen/tensor";
import { probe, type ProbeKind } from "./probe.ts";

/** A field at a batch of points, and its divergence there. The caller disposes of both. */
export interface FieldDivergence {
  /** The field itself, of the shape of x: it has to be computed anyway, and ODE solvers want it too. */
  readonly value: Tensor;
  /** ∇·field = Σᵢ ∂fieldᵢ/∂xᵢ of each point: [batch]. */
  readonly divergence: Tensor;
}

/**
 * The exact divergence of a field, by one reverse pass for each of the dimensions of a point: for small points. Both
 * results can be differentiated again.
 *
 * @param field takes [batch, …] and gives the same shape, each row from its own row of x alone: a velocity or a score
 * @param x where, [batch, …]
 */
export function divergence(field: (x: Tensor) => Tensor, x: Tensor): FieldDivergence {
  return tidy(() => {
    const dims = checkPoints("divergence", x);
    const row = [1, ...x.shape.slice(1)];
    let value: Tensor | undefined;
    let trace: Tensor | undefined;
    for (let i = 0; i < dims; i++) {
      const unit = tensor(
        Float32Array.from({ length: dims }, (_, j) => (i === j ? 1 : 0)),
        row,
      );
      const pulled = pull("divergence", field, x, broadcastTo(unit, x.shape));
      value ??= pulled.value;
      trace = trace ? add(trace, pulled.trace) : pulled.trace;
    }
    return { value: value as Tensor, divergence: trace as Tensor };
  });
}

/**
 * An unbiased estimate of the divergence of a field at the price of one reverse pass, vᵀ·J·v with a random direction v
 * (Hutchinson 1990; Grathwohl et al. 2018, arXiv:1810.01367, eq. 7; Song et al. 2020, arXiv:2011.13456, eq. 40). The
 * same key gives the same directions: an ODE solver that passes one key at all its steps integrates one smooth
 * function. Both results can be differentiated again.
 *
 * @param field takes [batch, …] and gives the same shape, each row from its own row of x alone
 * @param x where, [batch, …]
 * @param key of the directions, one for each point
 * @param kind "rademacher" (signs; exact where the Jacobian is diagonal) or "gaussian"
 */
export function hutchinsonDivergence(
  field: (x: Tensor) => Tensor,
  x: Tensor,
  key: Key,
  kind: ProbeKind = "rademacher",
): FieldDivergence {
  return tidy(() => {
    checkPoints("hutchinsonDivergence", x);
    const { value, trace } = pull("hutchinsonDivergence", field, x, probe(key, x.shape, kind));
    return { value, divergence: trace };
  });
}

/** vᵀ·J·v of each row, [batch]. */
function pull(
  caller: string,
  field: (x: Tensor) => Tensor,
  x: Tensor,
  v: Tensor,
): { value: Tensor; trace: Tensor } {
  const checked = (point: Tensor): Tensor => {
    const value = field(point);
    if (value.shape.join() !== x.shape.join()) {
      throw new Error(
        `${caller}: field must return the shape of x, [${x.shape.join(", ")}], got [${value.shape.join(", ")}]`,
      );
    }
    return value;
  };
  const { value, grad } = valueAndGrad(checked)(x, v);
  const axes = x.shape.map((_, axis) => axis).slice(1);
  return { value, trace: sum(mul(grad, v), axes) };
}

/** The number of dimensions of a point. */
function checkPoints(caller: string, x: Tensor): number {
  if (x.rank < 2 || x.size === 0) {
    throw new Error(
      `${caller}: x must be points [batch, …], at least one, got [${x.shape.join(", ")}]; ` +
        "give points on a line the shape [batch, 1]",
    );
  }
  return x.size / (x.shape[0] as number);
}
