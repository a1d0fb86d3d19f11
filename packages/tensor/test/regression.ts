import {
  add,
  dispose,
  key,
  type Key,
  matMul,
  mean,
  mul,
  normal,
  sin,
  square,
  sub,
  sum,
  tanh,
  type Tensor,
  tidy,
  variable,
  type Variable,
  variableGrads,
  zeros,
} from "../src/index.ts";

export interface Regression {
  /** One update by plain gradient descent, on points [count, 2] drawn from the key. */
  step(k: Key, rate: Tensor, count?: number): { loss: Tensor };
  variables: Variable[];
}

/** A small network with its training step: forward, backward, update. */
export function regression(): Regression {
  const initial = [normal(key(1), [2, 16]), zeros([16]), normal(key(2), [16, 1])];
  const variables = initial.map((t) => variable(t));
  dispose(initial);
  const [w1, bias, w2] = variables as [Variable, Variable, Variable];
  const step = (k: Key, rate: Tensor, count = 32): { loss: Tensor } =>
    tidy(() => {
      const x = normal(k, [count, 2]);
      const target = sum(sin(x), 1, true);
      const { value, grads } = variableGrads(
        () => mean(square(sub(matMul(tanh(add(matMul(x, w1), bias)), w2), target))),
        variables,
      );
      for (const v of variables) v.assign(sub(v, mul(rate, grads[v.name] as Tensor)));
      return { loss: value };
    });
  return { step, variables };
}
