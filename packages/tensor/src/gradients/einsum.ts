import {
  einsum,
  type GradConfig,
  mul,
  ones,
  reshape,
  type Tensor,
  transpose,
} from "@tensorflow/tfjs-core";
import { gradientOfList } from "./define.ts";

export const einsumGradients: readonly GradConfig[] = [
  gradientOfList<{ equation: string }>("Einsum", (dy, inputs, { equation }) => {
    const [terms = "", output = ""] = equation.replace(/\s/g, "").split("->");
    const operands = terms.split(",");
    return inputs.map((x, i) => () => {
      const others = operands.filter((_, j) => j !== i);
      const target = operands[i] as string;
      const known = new Set([output, ...others].join(""));
      const found = [...target].filter((index) => known.has(index)).join("");
      const contracted = contract(
        dy,
        output,
        inputs.filter((_, j) => j !== i),
        others,
        found,
      );
      if (found === target) return contracted;
      // An index that only this operand has was summed: its gradient is the same all along it.
      const shape = x.shape.map((n, axis) => (found.includes(target[axis] as string) ? n : 1));
      return mul(reshape(contracted, shape), ones(x.shape));
    });
  }),
];

function contract(
  dy: Tensor,
  output: string,
  tensors: Tensor[],
  terms: string[],
  target: string,
): Tensor {
  if (terms.length > 0 || output.length !== target.length) {
    return einsum(`${[output, ...terms].join(",")}->${target}`, dy, ...tensors);
  }
  return transpose(
    dy,
    [...target].map((index) => output.indexOf(index)),
  );
}
