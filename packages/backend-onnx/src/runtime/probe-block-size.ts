import { encodeModel } from "../onnx/encode.ts";
import { isHost, viewOf } from "./data.ts";
import type { Runtime } from "./runtime.ts";

/**
 * Channels per block of ONNX Runtime's blocked convolution layout on this processor (16 with AVX-512, 8 with AVX2 …),
 * or 0 where the blocked operators do not work. Reordering two pixels of 32 channels shows it: in the result, the
 * second pixel's first channel stands where the first block ends.
 */
export function probeBlockSize(load: Runtime["load"]): number {
  const channels = 32;
  try {
    const session = load({
      model: encodeModel({
        inputs: [{ name: "x", type: "float32", shape: [1, 1, 2, channels] }],
        outputs: [{ name: "y", type: "float32", shape: [1, channels, 1, 2] }],
        constants: [],
        nodes: [
          {
            op: "ReorderInput",
            domain: "com.microsoft.nchwc",
            inputs: ["x"],
            outputs: ["y"],
            attributes: { channels_last: { int: 1 } },
          },
        ],
      }),
      inputs: ["x"],
      outputs: [{ name: "y", type: "float32", shape: [1, channels, 1, 2] }],
      cpuNodes: [],
    });
    const data = Float32Array.from({ length: 2 * channels }, (_, i) => i);
    const [blocked] = session.run([{ type: "float32", shape: [1, 1, 2, channels], data }]);
    const numbers = viewOf(blocked) as Float32Array;
    const block = numbers.indexOf(channels);
    if (!isHost(blocked)) blocked?.dispose();
    session.dispose();
    return block === 8 || block === 16 ? block : 0;
  } catch {
    return 0;
  }
}
