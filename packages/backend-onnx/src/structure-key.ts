import type { Node, Value } from "./graph.ts";
import type { Attributes } from "./onnx/types.ts";

/** The structure of recorded nodes as a string: equal strings, equal compiled graphs. */
export function structureKey(
  nodes: readonly Node[],
  inputs: readonly Value[],
  outputs: readonly Value[],
): string {
  const ids = new Map<Value, number>();
  const parts: string[] = [];
  for (const input of inputs) {
    parts.push(`${input.type}[${input.shape.join()}]`);
    ids.set(input, ids.size);
  }
  const idOf = (value: Value): string => {
    const id = ids.get(value);
    return id === undefined ? `${value.type}[${value.shape.join()}]=${value.constant}` : String(id);
  };
  for (const node of nodes) {
    parts.push(
      `${node.op}|${node.domain}|${attributesKey(node.attributes)}|${node.inputs.map(idOf).join(" ")}`,
    );
    for (const output of node.outputs) {
      parts.push(`${output.type}[${output.shape.join()}]`);
      ids.set(output, ids.size);
    }
  }
  parts.push(outputs.map(idOf).join(" "));
  return parts.join("\n");
}

const attributeKeys = new WeakMap<Attributes, string>();

function attributesKey(attributes: Attributes): string {
  let key = attributeKeys.get(attributes);
  if (key === undefined) {
    key = JSON.stringify(attributes);
    attributeKeys.set(attributes, key);
  }
  return key;
}
