import { fill, type GradConfig } from "@tensorflow/tfjs-core";
import { gradient } from "./define.ts";

/** Zero: the function is constant wherever it is continuous. */
function zero<Name extends string>(kernelName: string, ...inputs: Name[]): GradConfig {
  return gradient(kernelName, inputs, (_dy, saved) =>
    Object.fromEntries(inputs.map((name) => [name, () => fill(saved[name].shape, 0)])),
  );
}

export const piecewiseConstantGradients: readonly GradConfig[] = [
  ...["Ceil", "Floor", "Round", "Sign", "Step"].map((name) => zero(name, "x")),
  ...["IsNan", "IsInf", "IsFinite", "LogicalNot"].map((name) => zero(name, "x")),
  ...["All", "Any", "ArgMax", "ArgMin"].map((name) => zero(name, "x")),
  ...["Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual"].map((name) =>
    zero(name, "a", "b"),
  ),
  ...["LogicalAnd", "LogicalOr", "FloorDiv", "BitwiseAnd"].map((name) => zero(name, "a", "b")),
  zero("ZerosLike", "x"),
  zero("OnesLike", "x"),
  zero("OneHot", "indices"),
  zero("Multinomial", "logits"),
  zero("SearchSorted", "sortedSequence", "values"),
];
