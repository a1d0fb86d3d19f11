import { add, compile, key, mul, normal, scalar, sub, type Tensor, variable } from "@gen/tensor";

/** A compiled step of thousands of small operations on hundreds of variables, each of which it assigns. */
export function manyVariables(
  variables = 300,
  rounds = 9,
): { step(): void; values(): Float32Array[] } {
  const all = Array.from({ length: variables }, (_, i) => variable(normal(key(i), [16])));
  const rate = scalar(0.1);
  const update = compile((by: Tensor) => {
    for (const [i, v] of all.entries()) {
      const next = all[(i + 1) % variables] as Tensor;
      let x: Tensor = v;
      for (let round = 0; round < rounds; round++) x = sub(x, mul(by, add(x, next)));
      v.assign(x);
    }
  });
  return {
    step: () => update(rate),
    values: () => all.map((v) => v.dataSync() as Float32Array),
  };
}
