import type { OnnxExport } from "@gen/tensor";
import * as ort from "onnxruntime-node";
import type { Values } from "./cases.ts";

/** What ONNX Runtime's public interface makes of a model. */
export async function outputOf(
  { model, inputs, outputs }: OnnxExport,
  given: readonly Values[],
  options: ort.InferenceSession.SessionOptions = {},
): Promise<{ shape: readonly number[]; data: Float32Array }> {
  const session = await ort.InferenceSession.create(model, { logSeverityLevel: 3, ...options });
  const feeds = inputs.map(({ name }, i): [string, ort.Tensor] => {
    const { dtype, data, shape } = given[i] as Values;
    return [name, new ort.Tensor(dtype as "float32", data as Float32Array, shape)];
  });
  const results = await session.run(Object.fromEntries(feeds));
  const { dims, data } = results[outputs[0]?.name as string] as ort.Tensor;
  const output = { shape: dims, data: Float32Array.from(data as Float32Array) };
  await session.release();
  return output;
}
