import {
  add,
  broadcastTo,
  div,
  type Key,
  log,
  mul,
  square,
  sub,
  type Tensor,
  tidy,
} from "@gen/tensor";
import type { Distribution, Entropic, Moments } from "./distribution.ts";
import {
  asInput,
  broadcastShape,
  expectEvents,
  expectFinite,
  expectPositive,
  type Parameter,
} from "./parameter.ts";
import type { Pathwise } from "./tractable.ts";

export interface LocationScale {
  readonly loc: Parameter;
  readonly scale: Parameter;
}

/** The member of a location–scale family with loc 0 and scale 1. */
export interface Standard {
  readonly name: string;
  logProb(z: Tensor): Tensor;
  draw(key: Key, shape: number[]): Tensor;
  readonly mean: number;
  readonly variance: number;
  readonly entropy: number;
}

export interface LocationScaleDistribution
  extends Distribution, LocationScale, Pathwise, Moments, Entropic {}

/**
 * The distributions of loc + scale·Z of single numbers, as many as the shapes of the parameters broadcast to. Samples
 * are differentiable in both parameters, by the path through which they are made.
 *
 * @throws where plain numbers are not finite, or scale not above 0; values of tensors are not read
 */
export function locationScale(
  standard: Standard,
  loc: Parameter,
  scale: Parameter,
): LocationScaleDistribution {
  const { name } = standard;
  expectFinite(name, "loc", loc);
  expectPositive(name, "scale", scale);
  const batchShape = broadcastShape(name, { loc, scale });
  const shapes = { batchShape, eventShape: [] };
  const [m, s] = [asInput(loc), asInput(scale)];
  return {
    name,
    ...shapes,
    pathwise: true,
    loc,
    scale,
    logProb: (x) => {
      expectEvents(`${name}.logProb`, shapes, x);
      return tidy(() => sub(standard.logProb(div(sub(x, m), s)), log(s)));
    },
    sample: (key, shape = []) =>
      tidy(() => add(m, mul(s, standard.draw(key, [...shape, ...batchShape])))),
    mean: () => tidy(() => broadcastTo(add(m, mul(s, standard.mean)), batchShape)),
    variance: () => tidy(() => broadcastTo(mul(square(s), standard.variance), batchShape)),
    entropy: () => tidy(() => broadcastTo(add(log(s), standard.entropy), batchShape)),
  };
}
