import type { Path } from "@gen/schedules";
import { tensor, type Tensor } from "@gen/tensor";

/**
 * A function of each sample's time as a column [batch, 1, …] that multiplies x. It reads the times, which the driver
 * made from plain numbers: nothing waits for a computation.
 */
export function atTimes(path: Path, x: Tensor, t: Tensor, f: (time: number) => number): Tensor {
  // A float32 time may lie a rounding beyond the end.
  const values = Array.from(t.dataSync(), (time) => f(Math.min(time, path.end)));
  return tensor(values, [values.length, ...x.shape.slice(1).map(() => 1)], "float32");
}
