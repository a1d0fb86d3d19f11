import { dispose, exportOnnx, type OnnxExport, type Tensor } from "@gen/tensor";
import type { Exported } from "./networks.ts";

/** A tensor's numbers, apart from any backend. */
export interface Values {
  dtype: "float32" | "int32";
  shape: number[];
  data: Float32Array | Int32Array;
}

/** A model file, and what it makes of some inputs. */
export interface Case {
  /** A word for files. */
  name: string;
  file: OnnxExport;
  runs: { inputs: Values[]; output: Values }[];
}

/** Exports a network with its batch size left open, if it can be, and computes what it gives at a few. */
export async function caseOf(
  { name, inputs, batch, run, weights }: Exported,
  options: { weightsFile?: string } = {},
): Promise<Case> {
  const batches = batch === undefined ? [1, 3] : [batch];
  const example = inputs(batch ?? 2);
  const dynamicBatch = batch === undefined;
  const file = await exportOnnx(run, example, { weights, dynamicBatch, ...options });
  dispose(example);
  const runs = batches.map((size) => {
    const given = inputs(size);
    const output = run(...given);
    const values = { inputs: given.map(valuesOf), output: valuesOf(output) };
    dispose([given, output]);
    return values;
  });
  return { name: fileName(name), file, runs };
}

export function fileName(name: string): string {
  return name.replaceAll(/\W+/g, "-");
}

export function valuesOf(tensor: Tensor): Values {
  return {
    dtype: tensor.dtype as Values["dtype"],
    shape: tensor.shape,
    data: tensor.dataSync() as Values["data"],
  };
}
